import { encodeName } from '../workspace/byte-names.ts';
import { inheritedPath, type Ripgrep } from '../ripgrep.ts';
import type { OpenFile } from '../workspace/sandbox.ts';
import { NameSplitter } from '../name-splitter.ts';
import { type FoundLine, MatchEvents } from './match-events.ts';
import { patternArguments, type SearchQuery } from './query.ts';

/** What was found in one file. */
export interface FileMatches {
  readonly file: OpenFile;
  readonly lines: readonly FoundLine[];
}

/** How many files one search takes: each needs a descriptor in two processes. */
export const MAX_OPENED = 32;

/**
 * Searches files that are open already. They are handed over as descriptors, so what is found is what
 * these files hold, whatever has become of their names.
 */
export class OpenedSearch {
  readonly #ripgrep: Ripgrep;
  readonly #signal: AbortSignal;

  constructor(ripgrep: Ripgrep, signal: AbortSignal) {
    this.#ripgrep = ripgrep;
    this.#signal = signal;
  }

  /** Matching lines with their context, up to `maxCount` matches of each file; files without any are left out. */
  async lines(files: readonly OpenFile[], query: SearchQuery, maxCount: number): Promise<FileMatches[]> {
    const targets = targetsOf(files);
    const events = new MatchEvents();
    const args = ['--json', `--context=${query.context}`, `--max-count=${maxCount}`];
    await this.#run(files, [...args, ...patternArguments(query), '--', ...targets], (chunk) => {
      events.push(chunk);
      return true;
    });
    return files
      .map((file, index) => ({ file, lines: events.linesOf(targets[index] ?? '') }))
      .filter(({ lines }) => lines.length > 0);
  }

  /** Matching lines of each file, counted up to `maxCount`; in the order of the files. */
  async counts(files: readonly OpenFile[], query: SearchQuery, maxCount?: number): Promise<number[]> {
    const targets = targetsOf(files);
    const counts = new Map<string, number>();
    let target = '';
    // A target and NUL, then its count and a newline.
    const fields = new NameSplitter((field) => {
      const [count, next] = field.includes('\n') ? field.split('\n') : ['', field];
      if (count !== '') counts.set(target, Number(count));
      target = next ?? '';
      return true;
    });
    const limit = maxCount === undefined ? [] : [`--max-count=${maxCount}`];
    const args = ['--count', '--with-filename', '--null', ...limit];
    await this.#run(files, [...args, ...patternArguments(query), '--', ...targets], (chunk) =>
      fields.push(chunk),
    );
    fields.push(Buffer.of(0));
    return targets.map((name) => counts.get(name) ?? 0);
  }

  async #run(
    files: readonly OpenFile[],
    args: readonly string[],
    onOutput: (chunk: Buffer) => boolean,
  ): Promise<void> {
    const descriptors = process.platform === 'win32' ? [] : files.map((file) => file.handle.fd);
    await this.#ripgrep.run({ args, descriptors, signal: this.#signal, onOutput });
  }
}

function targetsOf(files: readonly OpenFile[]): string[] {
  // Windows hands no descriptors over: there the files are named, and the sandbox is as weak as documented.
  return files.map((file, index) =>
    process.platform === 'win32' ? encodeName(file.at).toString() : inheritedPath(index),
  );
}
