import * as z from 'zod';
import { Cursors } from '../cursor.ts';
import { isPassedOver } from '../listing/walk.ts';
import { callText, counted } from '../../../core/phrases.ts';
import type { Entry, OpenFile } from '../workspace/sandbox.ts';
import { joinPath, shown } from '../workspace/virtual-path.ts';
import { findCandidates, type Mark } from './candidates.ts';
import { MAX_OPENED, OpenedSearch } from './opened-search.ts';
import type { SearchPage } from './query.ts';
import { type Report, reportFor } from './report.ts';

const cursors = new Cursors('search_files', z.tuple([z.string().max(4096), z.int().min(0).max(1_000_000)]));

/** One page of what a search finds, as text. */
export async function searchPage(page: SearchPage): Promise<string> {
  const { services, query, signal, cursor } = page;
  const start = cursor === undefined ? undefined : cursors.read(query, cursor);
  const again = (path: string): string => callText('search_files', { pattern: query.pattern, path });
  const place = await services.lookup.open(query.path, again, signal);
  try {
    const mark = { file: start?.[0] ?? '', skip: start?.[1] ?? 0 };
    const report = reportFor(page, place.kind === 'directory', {
      path: mark.file === '' ? query.path : joinPath(query.path, mark.file),
      skip: mark.skip,
    });
    const next =
      place.kind === 'directory'
        ? await searchDirectory(page, place, report, mark)
        : await searchOne(page, place, report);
    const words =
      place.kind !== 'directory' && report.files === 0
        ? [`nothing found in ${shown(query.path)}`, ...page.omissions.words()].join('; ')
        : closing(page, report, next);
    return `${report.text}[${words}]`;
  } finally {
    await place.close();
  }
}

async function searchOne(page: SearchPage, place: Entry, report: Report): Promise<Mark | undefined> {
  const file = await page.services.sandbox.openFile(place.path);
  try {
    const stop = await report.add(
      [file],
      new OpenedSearch(page.services.ripgrep, page.omissions, page.signal),
    );
    return stop === undefined ? undefined : { file: '', skip: stop.skip };
  } finally {
    await file.close();
  }
}

/** Takes the candidates in batches until the page is full or none are left. */
async function searchDirectory(
  page: SearchPage,
  directory: Entry,
  report: Report,
  start: Mark,
): Promise<Mark | undefined> {
  const { services, query, signal, omissions } = page;
  const search = new OpenedSearch(services.ripgrep, omissions, signal);
  let from: Mark | undefined = start;
  while (from !== undefined) {
    const { room: wanted, perFile } = report;
    const request = { services, directory, query, from, wanted, perFile, omissions, signal };
    const { files, next } = await findCandidates(request);
    const stop = await searchBatches(page, report, search, files);
    if (stop !== undefined) return stop;
    from = next === undefined ? undefined : { file: next, skip: 0 };
    if (report.room === 0) return from;
  }
  return undefined;
}

/** Answers where to go on, when the page was full before the files were through. */
async function searchBatches(
  page: SearchPage,
  report: Report,
  search: OpenedSearch,
  files: readonly string[],
): Promise<Mark | undefined> {
  for (let at = 0; at < files.length; at += MAX_OPENED) {
    if (report.room === 0) return { file: files[at] ?? '', skip: 0 };
    const batch = files.slice(at, at + MAX_OPENED);
    const opened = await openAll(page, batch);
    try {
      const stop = await report.add(
        opened.map(({ file }) => file),
        search,
      );
      const file = opened.find((one) => one.file === stop?.file)?.relative;
      if (stop !== undefined && file !== undefined) return { file, skip: stop.skip };
    } finally {
      await Promise.all(opened.map(({ file }) => file.close()));
    }
  }
  return undefined;
}

async function openAll(
  { services, query }: SearchPage,
  batch: readonly string[],
): Promise<{ relative: string; file: OpenFile }[]> {
  const openings = batch.map(async (relative) => ({
    relative,
    file: await services.sandbox.openFile(joinPath(query.path, relative)),
  }));
  const results = await Promise.allSettled(openings);
  const opened = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
  const failure = results.find((result) => result.status === 'rejected' && !isPassedOver(result.reason));
  if (failure?.status === 'rejected') {
    await Promise.all(opened.map(({ file }) => file.close()));
    throw failure.reason as Error;
  }
  return opened;
}

function closing({ query, omissions }: SearchPage, report: Report, next: Mark | undefined): string {
  const where = query.path === '/' ? '' : ` below ${shown(query.path)}`;
  if (report.files === 0 && next === undefined) {
    const passedOver = ['ignored, binary and denied files are not searched', ...omissions.words()];
    return [`nothing found${where}`, ...passedOver].join('; ');
  }
  const parts = [`${report.summary}${where}`];
  if (report.crowded > 0) {
    parts.push(
      `${counted(report.crowded, 'file')} marked + with more matches than shown: search it alone, by path`,
    );
  }
  parts.push(
    ...omissions.words(),
    next === undefined
      ? 'end of the results'
      : `next cursor="${cursors.write(query, [next.file, next.skip])}"`,
  );
  return parts.join('; ');
}
