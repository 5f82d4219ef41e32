import { type FileHandle, open, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { rebased } from './globs.ts';
import { inheritedPath } from './ripgrep.ts';
import type { Entry, Sandbox } from './workspace/sandbox.ts';
import { isPlain, joinPath } from './workspace/virtual-path.ts';

/** Where and how ripgrep is to walk below a directory. */
export interface Ground {
  readonly cwd: string;
  /** Options and the place to start at, to come last. */
  readonly args: readonly string[];
  readonly descriptors: readonly number[];
  /** A glob that is meant from the directory, as ripgrep has to get it. */
  glob(pattern: string): string;
  /** A name that ripgrep tells, from the directory on. */
  relative(name: string): string;
  close(): Promise<void>;
}

/** From the weakest to the strongest. */
export const IGNORE_FILES = ['.gitignore', '.ignore', '.rgignore'];
const MAX_RULES_BYTES = 256 * 1024;

/**
 * Prepares a walk below a directory that honours the ignore files of the folders above it as well, up to
 * the root of the workspace and no further. Close it.
 */
export async function groundOf(sandbox: Sandbox, directory: Entry, includeIgnored: boolean): Promise<Ground> {
  const path = directory.realPath;
  // A name that cannot be handed over on a command line is walked without what its parents ignore.
  const rules = includeIgnored || !isPlain(path) ? '' : await rulesAbove(sandbox, path);
  const file = rules === '' ? undefined : await anonymousFile(rules);
  if (file === undefined) return plainGround(directory);
  try {
    const root = await sandbox.open('/');
    const prefix = path.slice(1);
    return {
      cwd: root.at,
      args: [`--ignore-file=${inheritedPath(0)}`, '--', `./${prefix}/`],
      descriptors: [file.fd],
      glob: (pattern) => (pattern.slice(0, -1).includes('/') ? rebased(pattern, prefix) : pattern),
      relative: (name) => name.slice(prefix.length + 3),
      close: async () => {
        await Promise.all([root.close(), file.close()]);
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function plainGround(directory: Entry): Ground {
  return {
    cwd: directory.at,
    args: ['--', './'],
    descriptors: [],
    glob: (pattern) => pattern,
    relative: (name) => name.slice(2),
    close: () => Promise.resolve(),
  };
}

/** The rules of the folders above, written for the root; the stronger ones further down. */
async function rulesAbove(sandbox: Sandbox, path: string): Promise<string> {
  const folders = path.split('/').slice(1, -1);
  const rules: string[] = [];
  for (const name of IGNORE_FILES) {
    for (let level = 0; level <= folders.length; level++) {
      const folder = folders.slice(0, level).join('/');
      const lines = await readRules(sandbox, joinPath(`/${folder}`, name));
      rules.push(...(folder === '' ? lines : lines.map((line) => rebased(line, folder))));
    }
  }
  return rules.join('\n');
}

async function readRules(sandbox: Sandbox, path: string): Promise<string[]> {
  try {
    const file = await sandbox.openFile(path);
    try {
      const buffer = Buffer.alloc(Math.min(MAX_RULES_BYTES, file.stats.size));
      const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, 0);
      const lines = buffer.toString('utf8', 0, bytesRead).split(/\r?\n/);
      return lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}

/** A file without a name, for a child process to inherit. Undefined where that cannot be had. */
async function anonymousFile(content: string): Promise<FileHandle | undefined> {
  if (process.platform === 'win32') return undefined;
  for (const folder of [tmpdir(), '/dev/shm']) {
    const path = join(folder, `fairlead-${randomUUID()}`);
    try {
      const file = await open(path, 'wx+', 0o600);
      await unlink(path);
      // By position, so that where reading starts stays untouched.
      const bytes = Buffer.from(content);
      await file.write(bytes, 0, bytes.length, 0);
      return file;
    } catch {
      // A container may have no place to write to but the memory file system.
    }
  }
  return undefined;
}
