import { counted, fileSize, grouped } from '../../../core/phrases.ts';
import { outweighsIgnoreFiles } from '../globs.ts';
import { joinPath, shown } from '../workspace/virtual-path.ts';
import { tooMany } from './inventory.ts';
import { type Measured, measure } from './measure.ts';
import { AWAY_WORDS, mountedIn } from './mounted.ts';
import { positionOf } from './position.ts';
import { CLOSING_TOKENS, cursors, type ListPage, type ListQuestion, PAGE_ENTRIES } from './question.ts';
import type { FoundEntry } from './walk.ts';

type Candidate = FoundEntry & { readonly position: string };
type Row = Measured<Candidate>;

interface Rows {
  readonly rows: readonly Row[];
  /** Whether rows follow behind those. */
  readonly isCut: boolean;
}

const MAX_FILES = 200_000;
const MAX_MEASURED = 50_000;
/** The last moment that a date can be (ECMA-262 §21.4.1.1). */
const MAX_TIME = 8.64e15;

/** One page of the files below a directory that match, with their full paths. */
export async function listFlat(page: ListPage): Promise<string> {
  const { services, question, call } = page;
  const mark = page.cursor === undefined ? undefined : cursors.read(question, page.cursor);
  const candidates = await findCandidates(page);
  const { rows, isCut } =
    question.sort === 'name'
      ? await rowsByName(page, candidates, mark?.[1])
      : await rowsByValue(page, candidates, mark);
  let last: Row | undefined;
  let listing = '';
  let told = 0;
  for (const row of rows) {
    const line = `${lineFor(row, question.path, question.sort === 'modified')}\n`;
    if (!call.budget.take(line, 'code', CLOSING_TOKENS)) break;
    listing += line;
    last = row;
    told++;
  }
  const away = Array.from(await mountedIn(services, question.path)).filter(([, { isAway }]) => isAway);
  const parts = [
    `${counted(told, 'entry', 'entries')} of ${grouped(candidates.length)} ${question.glob === undefined ? '' : 'matching '}files below ${shown(question.path)}`,
    ...away.map(([name]) => `${joinPath(question.path, name)} left out: it ${AWAY_WORDS}`),
    last !== undefined && (isCut || told < rows.length)
      ? `next cursor="${cursors.write(question, [valueOf(last, question.sort), last.entry.relative])}"`
      : 'end of the listing',
  ];
  return `${listing}[${parts.join('; ')}]`;
}

/** All matching files, in the order of their names. */
async function findCandidates(page: ListPage): Promise<Candidate[]> {
  const { glob, include_ignored: includeIgnored } = page.question;
  if (glob === undefined || includeIgnored || !outweighsIgnoreFiles([glob])) {
    return ordered(await find(page, glob));
  }
  const [matching, visible] = await Promise.all([find(page, glob), find(page, undefined)]);
  return ordered(new Set([...matching].filter((relative) => visible.has(relative))));
}

async function find(
  { services, question, directory, call: { signal } }: ListPage,
  glob: string | undefined,
): Promise<Set<string>> {
  const found = new Set<string>();
  const search = {
    includeIgnored: question.include_ignored,
    signal,
    ...(glob === undefined ? {} : { glob }),
  };
  await services.finder.each(directory, search, (relative) => {
    if (found.add(relative).size > MAX_FILES) throw tooMany();
    return true;
  });
  return found;
}

function ordered(paths: ReadonlySet<string>): Candidate[] {
  return Array.from(paths, (relative) => ({
    relative,
    kind: 'file' as const,
    position: positionOf(relative),
  })).sort(byPosition);
}

function byPosition(a: Candidate, b: Candidate): number {
  return a.position < b.position ? -1 : 1;
}

async function rowsByName(
  page: ListPage,
  candidates: readonly Candidate[],
  after: string | undefined,
): Promise<Rows> {
  const mark = after === undefined ? undefined : positionOf(after);
  const rest = mark === undefined ? candidates : candidates.filter(({ position }) => position > mark);
  const rows = await measureRows(page, rest.slice(0, PAGE_ENTRIES));
  return { rows, isCut: rest.length > PAGE_ENTRIES };
}

async function rowsByValue(
  page: ListPage,
  candidates: readonly Candidate[],
  mark: readonly [number, string] | undefined,
): Promise<Rows> {
  if (candidates.length > MAX_MEASURED) throw tooMany();
  const { sort } = page.question;
  const all = await measureRows(page, candidates);
  all.sort((a, b) => valueOf(b, sort) - valueOf(a, sort) || byPosition(a.entry, b.entry));
  const rest = mark === undefined ? all : all.filter((row) => isBehind(row, mark, sort));
  return { rows: rest.slice(0, PAGE_ENTRIES), isCut: rest.length > PAGE_ENTRIES };
}

function isBehind(
  row: Row,
  [value, relative]: readonly [number, string],
  sort: ListQuestion['sort'],
): boolean {
  const own = valueOf(row, sort);
  return own < value || (own === value && row.entry.position > positionOf(relative));
}

function measureRows(
  { services, question, call }: ListPage,
  candidates: readonly Candidate[],
): Promise<Row[]> {
  const limits = { slots: services.directories, signal: call.signal };
  return measure(services.sandbox, question.path, candidates, limits);
}

function valueOf(row: Row, sort: ListQuestion['sort']): number {
  if (sort === 'size') return row.size;
  return sort === 'modified' ? row.modified : 0;
}

function lineFor({ entry, size, modified }: Row, base: string, withTime: boolean): string {
  const time = withTime ? `  ${timeOf(modified)}` : '';
  return `${shown(joinPath(base, entry.relative))}  ${fileSize(size)}${time}`;
}

/** Some file systems keep times that are none of any calendar. */
function timeOf(modified: number): string {
  return Math.abs(modified) > MAX_TIME ? '?' : `${new Date(modified).toISOString().slice(0, 19)}Z`;
}
