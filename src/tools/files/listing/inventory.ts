import { AppError } from '../../../core/errors.ts';
import type { FoundEntry } from './walk.ts';

const MAX_ENTRIES = 200_000;

/** Which files and directories of a tree are not ignored, down to a depth; deeper files are only counted. */
export class Inventory {
  /** Files at any depth. */
  files = 0;
  readonly #depth: number;
  readonly #shallow = new Set<string>();
  readonly #directories = new Map<string, number>();

  constructor(depth: number) {
    this.#depth = depth;
  }

  get shallowFiles(): number {
    return this.#shallow.size;
  }

  get directories(): number {
    return this.#directories.size;
  }

  /** @throws AppError `INVALID_ARGUMENT` when there are too many for one listing */
  add(relative: string): void {
    this.files++;
    let slash = -1;
    for (let level = 1; level <= this.#depth; level++) {
      slash = relative.indexOf('/', slash + 1);
      if (slash === -1) {
        this.#shallow.add(relative);
        break;
      }
      const directory = relative.slice(0, slash);
      this.#directories.set(directory, (this.#directories.get(directory) ?? 0) + 1);
    }
    if (this.#shallow.size + this.#directories.size > MAX_ENTRIES) throw tooMany();
  }

  /** Links and the like are in no ignore file's count; they show with the directory that holds them. */
  has(entry: FoundEntry): boolean {
    if (entry.kind === 'file') return this.#shallow.has(entry.relative);
    return entry.kind !== 'directory' || this.#directories.has(entry.relative);
  }

  filesIn(directory: string): number {
    return this.#directories.get(directory) ?? 0;
  }
}

export function tooMany(): AppError {
  return new AppError('INVALID_ARGUMENT', 'There are too many files for one listing.', {
    next: 'list_files with a smaller depth, a narrower glob or the path of a folder further down',
  });
}
