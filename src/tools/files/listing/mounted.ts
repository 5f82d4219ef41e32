import type { FileServices } from '../services.ts';
import { isAway } from '../workspace/file-error.ts';
import type { Root } from '../workspace/root.ts';
import type { Sandbox } from '../workspace/sandbox.ts';
import { nameOf } from '../workspace/virtual-path.ts';

/** What is said of a workspace that the caller may see and the server does not reach. */
export const AWAY_WORDS = 'cannot be reached now';

/** What a listing says of a workspace that appears in the listed folder. */
export interface Mounted {
  readonly words: readonly string[];
  /** Whether it cannot be reached now. */
  readonly isAway: boolean;
  /** Whether the listing of the folder above does not look into it. */
  readonly isClosed: boolean;
}

/** By name, of those that appear in a folder; in every folder but `/` there are none. */
export async function mountedIn(
  { sandbox }: Pick<FileServices, 'sandbox'>,
  folder: string,
): Promise<ReadonlyMap<string, Mounted>> {
  const all = sandbox.mounts
    .in(folder)
    .map(async (root) => [nameOf(root.mount), await describe(sandbox, root)] as const);
  return new Map(await Promise.all(all));
}

async function describe(sandbox: Sandbox, { mount, kind, access, description }: Root): Promise<Mounted> {
  const about = description === undefined ? [] : [description];
  if (kind === 'scratch') return { words: about, isClosed: true, isAway: false };
  const isAway = !(await isReachable(sandbox, mount));
  return {
    words: [access === 'read' ? 'read only' : 'writable', ...about, ...(isAway ? [AWAY_WORDS] : [])],
    isClosed: isAway,
    isAway,
  };
}

async function isReachable(sandbox: Sandbox, mount: string): Promise<boolean> {
  try {
    await (await sandbox.open(mount)).close();
    return true;
  } catch (error) {
    if (isAway(error)) return false;
    throw error;
  }
}
