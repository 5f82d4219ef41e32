import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { decodeName, encodeName } from './byte-names.ts';
import { fileError } from './file-error.ts';

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
}

interface Held {
  /** Of the machine: leads to exactly this directory. */
  readonly at: string;
  /** Virtual. */
  readonly path: string;
}

/** What a held directory holds, in no particular order. */
export async function readDirectory(directory: Held): Promise<DirectoryEntry[]> {
  const at = encodeName(directory.at);
  try {
    const entries = await readdir(at, { withFileTypes: true });
    // A name that is not UTF-8 was replaced in part: such directories are read again, as bytes.
    if (!entries.some((entry) => entry.name.includes('\ufffd'))) {
      return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
    }
    const raw = await readdir(at, { withFileTypes: true, encoding: 'buffer' });
    return raw.map((entry) => ({ name: decodeName(entry.name), kind: kindOf(entry) }));
  } catch (error) {
    throw fileError(error, directory.path);
  }
}

function kindOf(entry: Dirent | Dirent<Buffer>): DirectoryEntry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
