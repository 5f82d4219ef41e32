import { AppError } from '../../../core/errors.ts';
import { denyArguments, globArguments, refuseGlob } from '../globs.ts';
import { groundOf, type Ground } from '../ground.ts';
import { positionOf } from '../listing/position.ts';
import { tooMany } from '../listing/inventory.ts';
import { NameSplitter } from '../name-splitter.ts';
import type { RipgrepEnd } from '../ripgrep.ts';
import type { FileServices } from '../services.ts';
import type { Entry } from '../workspace/sandbox.ts';
import { joinPath } from '../workspace/virtual-path.ts';
import { patternArguments, refusePattern, type SearchQuery } from './query.ts';

export interface CandidateRequest {
  readonly services: FileServices;
  readonly directory: Entry;
  readonly query: SearchQuery;
  /** Files from this position on (see `positionOf`). */
  readonly from: string;
  readonly wanted: number;
  readonly signal: AbortSignal;
}

export interface Candidates {
  /** Paths below the directory, in order. */
  readonly files: readonly string[];
  /** The one behind them, if there is one. */
  readonly next: string | undefined;
}

// A word that stands in many files fills a page within this time even one file after the other.
const PROBE_MS = 12;
const MAX_FILES = 500_000;

/**
 * The next files, in the order of their paths, that seem to hold a match. Seem: ripgrep goes by path, so
 * whoever exchanges folders while it runs can lead it astray. What is shown is taken from files that were
 * opened through the sandbox.
 *
 * The order must not depend on chance, or paging would lose matches; but to search in order means to use
 * one core. So a short ordered search comes first, which settles common patterns. Where it does not
 * fill the page, all files are searched on all cores and their names are sorted.
 */
export async function findCandidates(request: CandidateRequest): Promise<Candidates> {
  const ground = await groundOf(request.services.sandbox, request.directory, false);
  try {
    return (await probe(request, ground)) ?? (await searchAll(request, ground));
  } finally {
    await ground.close();
  }
}

async function probe(request: CandidateRequest, ground: Ground): Promise<Candidates | undefined> {
  const files: string[] = [];
  const ordered = { args: ['--sort=path', '--line-buffered'], patienceMs: PROBE_MS };
  const end = await run(request, ground, ordered, (name) => {
    if (positionOf(name) >= request.from) files.push(name);
    return files.length <= request.wanted;
  });
  return end.how === 'expired' ? undefined : page(files, request.wanted);
}

async function searchAll(request: CandidateRequest, ground: Ground): Promise<Candidates> {
  const found: { readonly name: string; readonly position: string }[] = [];
  await run(request, ground, { args: [] }, (name) => {
    const position = positionOf(name);
    if (position >= request.from && found.push({ name, position }) > MAX_FILES) throw tooMany();
    return true;
  });
  found.sort((a, b) => (a.position < b.position ? -1 : 1));
  return page(
    found.slice(0, request.wanted + 1).map(({ name }) => name),
    request.wanted,
  );
}

function page(files: readonly string[], wanted: number): Candidates {
  return { files: files.slice(0, wanted), next: files[wanted] };
}

async function run(
  { services, query, signal, directory }: CandidateRequest,
  ground: Ground,
  how: { readonly args: readonly string[]; readonly patienceMs?: number },
  tell: (name: string) => boolean,
): Promise<RipgrepEnd> {
  const { deny } = services.sandbox;
  const names = new NameSplitter((name) => {
    const relative = ground.relative(name);
    return deny.hidesBeyondGlobs(joinPath(directory.realPath, relative)) || tell(relative);
  });
  const end = await services.ripgrep.run({
    cwd: ground.cwd,
    args: [
      '--files-with-matches',
      '--null',
      ...patternArguments(query),
      ...globArguments(query.glob.map((glob) => ground.glob(glob))),
      ...denyArguments(deny.globs),
      ...how.args,
      ...ground.args,
    ],
    descriptors: ground.descriptors,
    signal,
    ...(how.patienceMs === undefined ? {} : { patienceMs: how.patienceMs }),
    onOutput: (chunk) => names.push(chunk),
  });
  if (end.how === 'finished' && end.exitCode === 2 && end.complaint !== '') {
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
