import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A file for reading and writing that nobody else can open, and of which nothing is left whatever happens. */
export async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `rows-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await rm(path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
