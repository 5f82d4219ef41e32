import { hash } from 'node:crypto';
import { IGNORE_FILES } from '../ground.ts';
import { tooMany } from '../listing/inventory.ts';
import type { FileServices } from '../services.ts';
import { nameBytes } from '../workspace/byte-names.ts';
import { joinPath, nameOf, parentOf } from '../workspace/virtual-path.ts';

/** Which files the workspace lists, in little room. */
export interface Listing {
  /** Each folder with listed files in it or below it, and a digest of the names in it. */
  readonly folders: ReadonlyMap<string, string>;
  /** Of everything; the same in every process. */
  readonly digest: string;
}

const MAX_FILES = 200_000;

/** @throws AppError `INVALID_ARGUMENT` when there are too many, `SOURCE_UNAVAILABLE`; the signal's reason */
export async function takeListing({ sandbox, finder }: FileServices, signal: AbortSignal): Promise<Listing> {
  const names = new Map<string, string[]>([['/', []]]);
  let total = 0;
  const root = await sandbox.open('/');
  try {
    await finder.each(root, { includeIgnored: false, signal }, (relative) => {
      if (++total > MAX_FILES) throw tooMany();
      namesIn(names, parentOf(`/${relative}`)).push(nameOf(relative));
      return true;
    });
  } finally {
    await root.close();
  }
  const folders = new Map(Array.from(names, ([folder, inside]) => [folder, digestOf(inside.sort())]));
  return {
    folders,
    digest: digestOf(Array.from(folders, ([folder, digest]) => `${folder}/${digest}`).sort()),
  };
}

/** Folders whose files are others than before, or which are new or gone. */
export function changedFolders(before: Listing, now: Listing): string[] {
  const all = new Set([...before.folders.keys(), ...now.folders.keys()]);
  return [...all].filter((folder) => before.folders.get(folder) !== now.folders.get(folder));
}

/** Whether what it holds decides over what is listed. */
export function isIgnoreFile(name: string): boolean {
  return IGNORE_FILES.includes(name);
}

/** The ignore files that decide over a folder. */
export function ignoreFilesAbove(folder: string): string[] {
  const files: string[] = [];
  for (let place = folder; ; place = parentOf(place)) {
    files.push(...IGNORE_FILES.map((name) => joinPath(place, name)));
    if (place === '/') return files;
  }
}

function namesIn(names: Map<string, string[]>, folder: string): string[] {
  const known = names.get(folder);
  if (known !== undefined) return known;
  const inside: string[] = [];
  names.set(folder, inside);
  namesIn(names, parentOf(folder));
  return inside;
}

function digestOf(names: readonly string[]): string {
  return hash('sha256', nameBytes(names.join('\0')), 'base64url').slice(0, 22);
}
