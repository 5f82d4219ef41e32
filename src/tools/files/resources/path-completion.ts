import { AppError } from '../../../core/errors.ts';
import type { DirectoryEntry } from '../workspace/directory.ts';
import type { Sandbox } from '../workspace/sandbox.ts';
import { isPlain, joinPath, virtualPath } from '../workspace/virtual-path.ts';

/** The most that a client is shown (MCP 2026-07-28, server/utilities/completion). */
const MAX_COMPLETIONS = 100;

/**
 * Paths that start with what was typed: the entries of the folder that it leads into, folders with a
 * slash. Those that are spelled as they were typed come first, hidden ones last.
 */
export async function completePath(
  sandbox: Sandbox,
  spelling: string,
  isWanted: (entry: DirectoryEntry) => boolean = () => true,
): Promise<readonly string[]> {
  const end = spelling.lastIndexOf('/') + 1;
  const [folder, start] = [spelling.slice(0, end), spelling.slice(end)];
  try {
    const entries = await entriesOf(sandbox, virtualPath(`/${folder}`));
    const fitting = entries.filter(
      (entry) => entry.name.toLowerCase().startsWith(start.toLowerCase()) && isWanted(entry),
    );
    const rankOf = ({ name }: DirectoryEntry): number =>
      (name.startsWith(start) ? 0 : 1) + (name.startsWith('.') ? 2 : 0);
    return fitting
      .sort((a, b) => rankOf(a) - rankOf(b) || (a.name < b.name ? -1 : 1))
      .slice(0, MAX_COMPLETIONS)
      .map(({ name, kind }) => `${folder}${name}${kind === 'directory' ? '/' : ''}`);
  } catch (error) {
    // While somebody types, most of it leads nowhere.
    if (error instanceof AppError) return [];
    throw error;
  }
}

/** Entries of a folder, but for those that cannot be typed. */
async function entriesOf(sandbox: Sandbox, path: string): Promise<DirectoryEntry[]> {
  const directory = await sandbox.open(path);
  try {
    return (await sandbox.entriesOf(directory)).filter(
      ({ name }) => isPlain(name) && !sandbox.hidesEntry(joinPath(path, name)),
    );
  } finally {
    await directory.close();
  }
}
