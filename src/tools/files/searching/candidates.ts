import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../../core/errors.ts';
import { denyArguments, globArguments, outweighsIgnoreFiles, refuseGlob, simplified } from '../globs.ts';
import { groundOf, type Ground } from '../ground.ts';
import { positionOf } from '../listing/position.ts';
import { tooMany } from '../listing/inventory.ts';
import { NameSplitter } from '../name-splitter.ts';
import type { RipgrepEnd } from '../ripgrep.ts';
import type { FileServices } from '../services.ts';
import type { Entry } from '../workspace/sandbox.ts';
import type { Omissions } from './omissions.ts';
import { patternArguments, refusePattern, type SearchQuery } from './query.ts';

export interface CandidateRequest {
  readonly services: FileServices;
  readonly directory: Entry;
  readonly query: SearchQuery;
  /** Files from this position on (see `positionOf`). */
  readonly from: string;
  readonly wanted: number;
  readonly omissions: Omissions;
  readonly signal: AbortSignal;
}

interface Search extends CandidateRequest {
  /** The files that are not ignored; undefined where ripgrep leaves out the others by itself. */
  readonly visible: ReadonlySet<string> | undefined;
}

export interface Candidates {
  /** Paths below the directory, in order. */
  readonly files: readonly string[];
  /** The one behind them, if there is one. */
  readonly next: string | undefined;
}

// A word that stands in many files fills a page within this time even one file after the other.
const PROBE_MS = 16;
// Most of these do so at once.
const HEAD_START_MS = 6;
const MAX_FILES = 500_000;
const WITHOUT_LARGE_FILES = ['--max-filesize=100M', '--threads=1'];

/**
 * The next files, in the order of their paths, that seem to hold a match. Seem: ripgrep goes by path, so
 * whoever exchanges folders while it runs can lead it astray. What is shown is taken from files that were
 * opened through the sandbox.
 *
 * The order must not depend on chance, or paging would lose matches; but to search in order means to use
 * one core. So a short ordered search goes ahead, which settles common patterns. Soon all files are
 * searched on all cores as well, and their names sorted. Both give the same answer.
 */
export async function findCandidates(request: CandidateRequest): Promise<Candidates> {
  const ground = await groundOf(request.services.sandbox, request.directory, false);
  request.omissions.away = ground.away;
  try {
    if (ground.isEmpty) return page([], request.wanted);
    return await race({ ...request, visible: await visibleFiles(request) }, ground);
  } finally {
    await ground.close();
  }
}

/** Undefined where no glob brings back what is ignored. */
async function visibleFiles(request: CandidateRequest): Promise<ReadonlySet<string> | undefined> {
  const { services, directory, query, signal } = request;
  if (!outweighsIgnoreFiles(query.glob)) return undefined;
  const visible = new Set<string>();
  await services.finder.each(directory, { includeIgnored: false, signal }, (relative) => {
    if (visible.add(relative).size > MAX_FILES) throw tooMany();
    return true;
  });
  return visible;
}

async function race(request: Search, ground: Ground): Promise<Candidates> {
  const probing = probe(request, ground);
  const headStart = await Promise.race([probing, delay(HEAD_START_MS)]);
  if (headStart !== undefined) return headStart;
  const loser = new AbortController();
  const signal = AbortSignal.any([request.signal, loser.signal]);
  const searching = searchAll({ ...request, signal }, ground);
  // Its failure is met where it is awaited, or does not matter any more.
  searching.catch(() => undefined);
  try {
    const early = await probing;
    if (early !== undefined) return early;
    return (await searching) ?? (await searchSmall(request, ground));
  } finally {
    loser.abort(new Error('The ordered search was faster'));
    await searching.catch(() => undefined);
  }
}

async function probe(request: Search, ground: Ground): Promise<Candidates | undefined> {
  const files: string[] = [];
  const ordered = { args: ['--sort=path', '--line-buffered'], patienceMs: PROBE_MS };
  const end = await run(request, ground, ordered, (name) => {
    if (positionOf(name) >= request.from) files.push(name);
    return files.length <= request.wanted;
  });
  return end.how === 'expired' || end.isOutOfMemory ? undefined : page(files, request.wanted);
}

async function searchAll(request: Search, ground: Ground): Promise<Candidates | undefined> {
  const found: { readonly name: string; readonly position: string }[] = [];
  const end = await run(request, ground, { args: [] }, (name) => {
    const position = positionOf(name);
    if (position >= request.from && found.push({ name, position }) > MAX_FILES) throw tooMany();
    return true;
  });
  if (end.isOutOfMemory) return undefined;
  found.sort((a, b) => (a.position < b.position ? -1 : 1));
  return page(
    found.slice(0, request.wanted + 1).map(({ name }) => name),
    request.wanted,
  );
}

/** Where a line of some file is too long for the memory that a search may take. */
async function searchSmall(request: Search, ground: Ground): Promise<Candidates> {
  request.omissions.largeFiles = true;
  const candidates = await searchAll(request, ground);
  if (candidates === undefined) throw failed('out of memory');
  return candidates;
}

function page(files: readonly string[], wanted: number): Candidates {
  return { files: files.slice(0, wanted), next: files[wanted] };
}

async function run(
  request: Search,
  ground: Ground,
  how: { readonly args: readonly string[]; readonly patienceMs?: number },
  tell: (name: string) => boolean,
): Promise<RipgrepEnd> {
  const { services, query, signal, directory, omissions, visible } = request;
  const { sandbox } = services;
  const names = new NameSplitter((name) => {
    const relative = ground.relative(name);
    const isHidden = visible?.has(relative) === false || sandbox.hidesFound(directory, relative);
    return isHidden || tell(relative);
  });
  const end = await services.ripgrep.run({
    cwd: ground.cwd,
    args: [
      '--files-with-matches',
      '--null',
      ...patternArguments(query),
      ...globArguments(query.glob.map((glob) => ground.glob(simplified(glob)))),
      ...denyArguments(sandbox.hiddenGlobs(directory)),
      ...(omissions.largeFiles ? WITHOUT_LARGE_FILES : []),
      ...how.args,
      ...ground.args,
    ],
    descriptors: ground.descriptors,
    signal,
    ...(how.patienceMs === undefined ? {} : { patienceMs: how.patienceMs }),
    onOutput: (chunk) => names.push(chunk),
  });
  if (end.how === 'finished' && end.exitCode === 2 && end.complaint !== '' && !end.isOutOfMemory) {
    refuseGlob(end.complaint);
    refusePattern(end.complaint);
    throw failed(end.complaint);
  }
  return end;
}

function failed(complaint: string): AppError {
  return new AppError('SOURCE_UNAVAILABLE', 'The search failed on this server.', {
    cause: new Error(complaint),
    next: 'search a smaller part, with a narrower path or a glob',
  });
}
