import { createHash } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../core/errors.ts';

/** A name in the folder, and where its link leads. */
export interface TopLink {
  readonly name: string;
  readonly target: string;
}

/** The place of the descriptor that a process inherits as the one of this number. */
export function inheritedDescriptor(index: number): string {
  return `/proc/self/fd/${index + 3}`;
}

/**
 * The folder `/` above several workspaces, as a real one: it holds a link for each. On Linux a link leads to a
 * descriptor of whoever follows it, so it tells nothing of where the workspace is, and means nothing but to a
 * process that has inherited the opened workspaces. So ripgrep walks all of them as one tree, in one order, with
 * globs that mean what they say from `/` on.
 *
 * There is one for each set of links. It never changes, and every process of a deployment makes the same.
 */
export class TopFolder {
  readonly #directory: string;
  readonly #made = new Map<string, Promise<string>>();

  /** @param directory Where they are made, at the first need. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws AppError `SOURCE_UNAVAILABLE` where nothing can be written */
  at(links: readonly TopLink[]): Promise<string> {
    const key = createHash('sha256').update(JSON.stringify(links)).digest('hex').slice(0, 32);
    let made = this.#made.get(key);
    if (made === undefined) {
      made = make(join(this.#directory, key), links);
      this.#made.set(key, made);
      made.catch(() => this.#made.delete(key));
    }
    return made;
  }
}

async function make(path: string, links: readonly TopLink[]): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await Promise.all(links.map(({ name, target }) => ensureLink(join(path, name), target)));
    return path;
  } catch (cause) {
    throw new AppError('SOURCE_UNAVAILABLE', 'The workspaces cannot be listed together now.', {
      cause,
      next: 'give the path of one workspace, or tell the operator that the data folder cannot be written',
    });
  }
}

async function ensureLink(path: string, target: string): Promise<void> {
  try {
    await symlink(target, path, 'junction');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
