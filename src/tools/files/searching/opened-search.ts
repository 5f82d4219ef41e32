import { encodeName } from '../workspace/byte-names.ts';
import { CountSplitter } from '../name-splitter.ts';
import { failed, inheritedPath, type Ripgrep, type RipgrepEnd } from '../ripgrep.ts';
import type { OpenFile } from '../workspace/sandbox.ts';
import { type FoundLine, MatchEvents } from './match-events.ts';
import type { Omissions } from './omissions.ts';
import { patternArguments, patternRefusal, type SearchQuery } from './query.ts';

/** What was found in one file. */
export interface FileMatches {
  readonly file: OpenFile;
  readonly lines: readonly FoundLine[];
}

export interface FileCount {
  readonly file: OpenFile;
  readonly count: number;
}

/** How many files one search takes: each needs a descriptor in two processes. */
export const MAX_OPENED = 32;

/**
 * Searches files that are open already. They are handed over as descriptors, so what is found is what
 * these files hold, whatever has become of their names.
 */
export class OpenedSearch {
  readonly #ripgrep: Ripgrep;
  readonly #omissions: Omissions;
  readonly #signal: AbortSignal;

  constructor(ripgrep: Ripgrep, omissions: Omissions, signal: AbortSignal) {
    this.#ripgrep = ripgrep;
    this.#omissions = omissions;
    this.#signal = signal;
  }

  /** Matching lines with their context, up to `maxCount` matches of each file; files without any are left out. */
  async lines(files: readonly OpenFile[], query: SearchQuery, maxCount: number): Promise<FileMatches[]> {
    const args = ['--json', `--context=${query.context}`, `--max-count=${maxCount}`];
    const found = await this.#batch(files, async (batch) => {
      const events = new MatchEvents();
      const end = await this.#run(batch, [...args, ...patternArguments(query)], (chunk) => {
        events.push(chunk);
      });
      if (end.isOutOfMemory) return undefined;
      this.#omissions.lines += events.omitted;
      return batch.map((file, index) => ({ file, lines: events.linesOf(targetOf(file, index)) }));
    });
    return found.filter(({ lines }) => lines.length > 0);
  }

  /** Matching lines of each file, counted up to `maxCount`; files without any are left out. */
  async counts(files: readonly OpenFile[], query: SearchQuery, maxCount?: number): Promise<FileCount[]> {
    const limit = maxCount === undefined ? [] : [`--max-count=${maxCount}`];
    const args = ['--count', '--with-filename', '--null', ...limit];
    const found = await this.#batch(files, async (batch) => {
      const counts = new Map<string, number>();
      const names = new CountSplitter((name, count) => {
        counts.set(name, count);
        return true;
      });
      const end = await this.#run(batch, [...args, ...patternArguments(query)], (chunk) => {
        names.push(chunk);
      });
      if (end.isOutOfMemory) return undefined;
      return batch.map((file, index) => ({ file, count: counts.get(targetOf(file, index)) ?? 0 }));
    });
    return found.filter(({ count }) => count > 0);
  }

  /** Where files searched together take too much memory, each is searched alone, and what still does is left out. */
  async #batch<T>(
    files: readonly OpenFile[],
    search: (batch: readonly OpenFile[]) => Promise<T[] | undefined>,
  ): Promise<T[]> {
    const found = files.length === 0 ? [] : await search(files);
    if (found !== undefined) return found;
    const each: T[] = [];
    for (const file of files) {
      const alone = files.length === 1 ? undefined : await search([file]);
      if (alone === undefined) this.#omissions.files++;
      else each.push(...alone);
    }
    return each;
  }

  async #run(
    files: readonly OpenFile[],
    args: readonly string[],
    onOutput: (chunk: Buffer) => void,
  ): Promise<RipgrepEnd> {
    const end = await this.#ripgrep.run({
      args: [...args, '--', ...files.map(targetOf)],
      descriptors: process.platform === 'win32' ? [] : files.map((file) => file.handle.fd),
      signal: this.#signal,
      onOutput: (chunk) => {
        onOutput(chunk);
        return true;
      },
    });
    if (end.complaint === undefined || end.isOutOfMemory) return end;
    throw patternRefusal(end.complaint) ?? failed(end.complaint);
  }
}

function targetOf(file: OpenFile, index: number): string {
  // Windows hands no descriptors over: there the files are named, and the sandbox is as weak as documented.
  return process.platform === 'win32' ? encodeName(file.at).toString() : inheritedPath(index);
}
