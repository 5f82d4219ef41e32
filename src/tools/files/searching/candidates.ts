import { denyArguments, globArguments, outweighsIgnoreFiles, refuseGlob, simplified } from '../globs.ts';
import { groundOf, type Ground } from '../ground.ts';
import { positionOf } from '../listing/position.ts';
import { tooMany } from '../listing/inventory.ts';
import { CountSplitter } from '../name-splitter.ts';
import { failed, type RipgrepEnd, type RipgrepRun } from '../ripgrep.ts';
import type { FileServices } from '../services.ts';
import type { Entry } from '../workspace/sandbox.ts';
import type { Omissions } from './omissions.ts';
import { patternArguments, patternRefusal, type SearchQuery } from './query.ts';

/** Where a page begins or goes on. */
export interface Mark {
  /** Relative to the searched folder. */
  readonly file: string;
  /** How many of its results earlier pages have shown. */
  readonly skip: number;
}

export interface CandidateRequest {
  readonly services: FileServices;
  readonly directory: Entry;
  readonly query: SearchQuery;
  readonly from: Mark;
  /** Results that are wanted in all, and of one file at most. */
  readonly wanted: number;
  readonly perFile: number;
  readonly omissions: Omissions;
  readonly signal: AbortSignal;
}

interface Search extends CandidateRequest {
  /** The files that are not ignored; undefined where ripgrep leaves out the others by itself. */
  readonly visible: ReadonlySet<string> | undefined;
}

interface Candidate {
  readonly relative: string;
  readonly position: string;
  /** As many as it seems to add to the page. */
  readonly results: number;
}

interface Page {
  readonly files: Candidate[];
  readonly next: Candidate | undefined;
}

export interface Candidates {
  /** Paths below the directory, in order: as many as seem to hold what is wanted. */
  readonly files: readonly string[];
  /** The one behind them, if there is one. */
  readonly next: string | undefined;
}

interface Way extends Pick<RipgrepRun, 'args' | 'isBeside'> {
  /** Asked after each piece of output: a number lets the search rest for so many milliseconds. */
  readonly goesOn?: () => true | number;
}

const MAX_VISIBLE = 500_000;
/** Of those that were found without order; a page takes far fewer. */
const MAX_KEPT = 10_000;
const WITHOUT_LARGE_FILES = ['--max-filesize=100M', '--threads=1'];
// Most pages of a common word are found in order within this time, if all cores are theirs.
const HEAD_START_MS = 16;
const IN_ORDER = { args: ['--sort=path', '--line-buffered'], isBeside: true };

/**
 * The next files, in the order of their paths, that seem to hold a match. Seem: ripgrep goes by path, so
 * whoever exchanges folders while it runs can lead it astray. What is shown is taken from files that were
 * opened through the sandbox.
 *
 * The order must not depend on chance, or paging would lose matches; but to search in order means to use
 * one core. So all cores search, and what they find is sorted at the end. When they have found a page full
 * before, the pattern is a common one: then an ordered search, which may stop at a page full, gets a head start
 * and races with them. Both give the same answer.
 */
export async function findCandidates(request: CandidateRequest): Promise<Candidates> {
  const ground = await groundOf(request.services.sandbox, request.directory, false);
  request.omissions.away = ground.away;
  try {
    if (ground.isEmpty) return { files: [], next: undefined };
    const { files, next } = await race({ ...request, visible: await visibleFiles(request) }, ground);
    return { files: files.map(({ relative }) => relative), next: next?.relative };
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
    if (visible.add(relative).size > MAX_VISIBLE) throw tooMany();
    return true;
  });
  return visible;
}

async function race(request: Search, ground: Ground): Promise<Page> {
  const loser = new AbortController();
  const search = { ...request, signal: AbortSignal.any([request.signal, loser.signal]) };
  let beginInOrder: (() => void) | undefined;
  const inOrder = new Promise<void>((resolve) => (beginInOrder = resolve)).then(() =>
    searchInOrder(search, ground),
  );
  const onAll = searchAll(search, ground, beginInOrder);
  // The failure of the one that loses does not matter any more.
  inOrder.catch(() => undefined);
  onAll.catch(() => undefined);
  try {
    return (await Promise.race([onAll, inOrder])) ?? (await onAll) ?? (await searchSmall(request, ground));
  } finally {
    loser.abort(new Error('Another search was faster'));
  }
}

async function searchInOrder(request: Search, ground: Ground): Promise<Page | undefined> {
  const found: Candidate[] = [];
  let results = 0;
  const end = await run(request, ground, IN_ORDER, (candidate) => {
    const isBehind = results >= request.wanted;
    found.push(candidate);
    results += candidate.results;
    return !isBehind;
  });
  return end.isOutOfMemory ? undefined : page(found, request.wanted);
}

async function searchAll(
  request: Search,
  ground: Ground,
  onPageFull?: () => void,
): Promise<Page | undefined> {
  let found: Candidate[] = [];
  let results = 0;
  let isFull = false;
  const goesOn = (): true | number => {
    if (isFull || results < request.wanted || onPageFull === undefined) return true;
    isFull = true;
    onPageFull();
    return HEAD_START_MS;
  };
  const end = await run(request, ground, { args: [], goesOn }, (candidate) => {
    results += candidate.results;
    if (found.push(candidate) < MAX_KEPT) return true;
    const { files, next } = page(found.sort(byPosition), request.wanted);
    found = next === undefined ? files : [...files, next];
    return true;
  });
  return end.isOutOfMemory ? undefined : page(found.sort(byPosition), request.wanted);
}

function byPosition(a: Candidate, b: Candidate): number {
  return a.position < b.position ? -1 : 1;
}

/** Where a line of some file is too long for the memory that a search may take. */
async function searchSmall(request: Search, ground: Ground): Promise<Page> {
  request.omissions.largeFiles = true;
  const candidates = await searchAll(request, ground);
  if (candidates === undefined) throw failed('out of memory');
  return candidates;
}

function page(found: Candidate[], wanted: number): Page {
  let results = 0;
  const end = found.findIndex((candidate) => {
    const isBehind = results >= wanted;
    results += candidate.results;
    return isBehind;
  });
  return end === -1 ? { files: found, next: undefined } : { files: found.slice(0, end), next: found[end] };
}

async function run(
  request: Search,
  ground: Ground,
  { goesOn = () => true, ...how }: Way,
  tell: (candidate: Candidate) => boolean,
): Promise<RipgrepEnd> {
  const { services, query, signal, directory, omissions, visible, from, perFile } = request;
  const { sandbox } = services;
  const first = positionOf(from.file);
  const names = new CountSplitter((name, count) => {
    const relative = ground.relative(name);
    const position = positionOf(relative);
    const isHidden = visible?.has(relative) === false || sandbox.hidesFound(directory, relative);
    if (isHidden || position < first) return true;
    const unseen = position === first ? count - from.skip : count;
    return tell({ relative, position, results: Math.min(perFile, Math.max(0, unseen)) });
  });
  const end = await services.ripgrep.run({
    ...how,
    cwd: ground.cwd,
    args: [
      ...['--count', '--null', `--max-count=${from.skip + perFile}`],
      ...patternArguments(query),
      ...globArguments(query.glob.map((glob) => ground.glob(simplified(glob)))),
      ...denyArguments(sandbox.hiddenGlobs(directory)),
      ...(omissions.largeFiles ? WITHOUT_LARGE_FILES : []),
      ...how.args,
      ...ground.args,
    ],
    descriptors: ground.descriptors,
    signal,
    onOutput: (chunk) => names.push(chunk) && goesOn(),
  });
  if (end.complaint !== undefined && !end.isOutOfMemory) {
    refuseGlob(end.complaint);
    throw patternRefusal(end.complaint) ?? failed(end.complaint);
  }
  return end;
}
