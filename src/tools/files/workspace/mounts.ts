import { AppError } from '../../../core/errors.ts';
import type { Permit } from '../../../core/permit.ts';
import type { Root } from './root.ts';
import { parentOf, quoted } from './virtual-path.ts';

/** Where the results appear that are kept for a caller. No workspace can have this name. */
export const SCRATCH_MOUNT = '/.scratch';

/** What a virtual path means. */
export interface Located {
  readonly root: Root;
  /** From the root on, in virtual form. */
  readonly relative: string;
}

/** Which folders of the machine appear where: all of them, or those that a principal may see. */
export class Mounts {
  /** In the order of their names. */
  readonly workspaces: readonly Root[];
  readonly scratch: Root | undefined;
  readonly #top: Root | undefined;
  readonly #below: readonly Root[];

  constructor(roots: readonly Root[]) {
    this.workspaces = roots
      .filter(({ kind }) => kind === 'workspace')
      .sort((a, b) => (a.mount < b.mount ? -1 : 1));
    this.scratch = roots.find(({ kind }) => kind === 'scratch');
    this.#top = roots.find(({ mount }) => mount === '/');
    this.#below = roots.filter(({ mount }) => mount !== '/');
  }

  /** Without the workspaces that the permit does not allow, and with the caller's own scratch area. */
  seenBy(permit: Permit, scratch: Root | undefined): Mounts {
    const allowed = this.workspaces.filter(({ name }) => permit.allowsWorkspace(name));
    return new Mounts(scratch === undefined ? allowed : [...allowed, scratch]);
  }

  /** Undefined for what lies in none: the folder `/` above several workspaces, and what does not exist. */
  locate(path: string): Located | undefined {
    for (const root of this.#below) {
      if (path === root.mount) return { root, relative: '/' };
      if (path.startsWith(`${root.mount}/`)) return { root, relative: path.slice(root.mount.length) };
    }
    return this.#top === undefined ? undefined : { root: this.#top, relative: path };
  }

  /** What appears at exactly this path, but for `/` itself. */
  at(path: string): Root | undefined {
    return this.#below.find(({ mount }) => mount === path);
  }

  /** Those that appear in a folder. */
  in(folder: string): readonly Root[] {
    return this.#below.filter(({ mount }) => parentOf(mount) === folder);
  }

  /**
   * Where a path may be written to.
   *
   * @throws AppError `READ_ONLY`, which names the workspaces that can be written
   */
  writable(path: string): Located {
    const place = this.locate(path);
    if (place?.root.access === 'write') return place;
    const others = this.workspaces.filter(({ access }) => access === 'write').map(({ mount }) => mount);
    throw new AppError('READ_ONLY', `${quoted(path)} cannot be written: ${reasonAgainst(place)}.`, {
      next:
        others.length === 0
          ? 'ask the operator for a workspace that can be written'
          : `take a path below ${others.map((mount) => JSON.stringify(mount)).join(' or ')}`,
    });
  }
}

function reasonAgainst(place: Located | undefined): string {
  if (place === undefined) return 'it lies in no workspace';
  if (place.root.kind === 'scratch') return 'only the server keeps results there';
  return place.root.mount === '/'
    ? 'the workspace is served for reading'
    : `the workspace ${JSON.stringify(place.root.name)} is served for reading`;
}
