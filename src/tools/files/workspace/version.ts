import { hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

type Told = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>;

const LENGTH = 12;

/**
 * What tells a state of a file from every other: twelve characters that change with the content, and with the
 * file that lies under a name. Nobody but the kernel sets the time of change, so a write that puts the time of
 * modification back shows as well.
 */
export function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: Told): string {
  return hash('sha256', [dev, ino, size, mtimeNs, ctimeNs].join(':'), 'base64url').slice(0, LENGTH);
}

/** The version of the file that is open now. */
export async function versionAt(handle: FileHandle): Promise<string> {
  return versionOf(await handle.stat({ bigint: true }));
}
