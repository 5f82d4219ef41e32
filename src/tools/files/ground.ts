import { type FileHandle, open, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { rebased } from './globs.ts';
import { inheritedPath } from './ripgrep.ts';
import type { Entry, Sandbox } from './workspace/sandbox.ts';
import { isAway } from './workspace/file-error.ts';
import { isPlain, joinPath } from './workspace/virtual-path.ts';

/** Where and how ripgrep is to walk below a directory. */
export interface Ground {
  readonly cwd: string;
  /** Options and the place to start at, to come last. */
  readonly args: readonly string[];
  readonly descriptors: readonly number[];
  /** Whether there is nothing to walk: nothing is to be started then. */
  readonly isEmpty: boolean;
  /** Virtual paths of the workspaces below the directory that cannot be reached now. */
  readonly away: readonly string[];
  /** A glob that is meant from the directory, as ripgrep has to get it. */
  glob(pattern: string): string;
  /** A name that ripgrep tells, from the directory on. */
  relative(name: string): string;
  close(): Promise<void>;
}

/** From the weakest to the strongest. */
export const IGNORE_FILES = ['.gitignore', '.ignore', '.rgignore'];
const MAX_RULES_BYTES = 256 * 1024;
const NOTHING_AWAY = { isEmpty: false, away: [] } as const;

/**
 * Prepares a walk below a directory that honours the ignore files of the folders above it as well, up to
 * the root of the workspace and no further. Close it.
 */
export async function groundOf(sandbox: Sandbox, directory: Entry, includeIgnored: boolean): Promise<Ground> {
  if (sandbox.isTop(directory)) return groundOfAll(sandbox, directory);
  const path = directory.realPath;
  const { root, relative } = sandbox.mounts.locate(path) ?? {};
  if (root === undefined || relative === undefined) return plainGround(directory);
  // A name that cannot be handed over on a command line is walked without what its parents ignore.
  const rules = includeIgnored || !isPlain(path) ? '' : await rulesAbove(sandbox, root.mount, relative);
  const file = rules === '' ? undefined : await anonymousFile(rules);
  if (file === undefined) return plainGround(directory);
  try {
    const start = await sandbox.open(root.mount);
    const prefix = relative.slice(1);
    return {
      ...NOTHING_AWAY,
      cwd: start.at,
      args: [`--ignore-file=${inheritedPath(0)}`, '--', `./${prefix}/`],
      descriptors: [file.fd],
      glob: (pattern) => (pattern.slice(0, -1).includes('/') ? rebased(pattern, prefix) : pattern),
      relative: (name) => name.slice(prefix.length + 3),
      close: async () => {
        await Promise.all([start.close(), file.close()]);
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** All workspaces as one tree, each under its name. */
async function groundOfAll(sandbox: Sandbox, top: Entry): Promise<Ground> {
  const held: Entry[] = [];
  const away: string[] = [];
  const names: string[] = [];
  const descriptors: number[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(held.map((entry) => entry.close()));
  };
  try {
    for (const { mount } of sandbox.mounts.workspaces) {
      const entry = await openReachable(sandbox, mount);
      if (entry === undefined) away.push(mount);
      else {
        held.push(entry);
        names.push(`${mount.slice(1)}/`);
      }
      // Each link of the folder leads to the descriptor of its number, so none is left out.
      descriptors.push(sandbox.descriptorOf(entry ?? top));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    cwd: top.at,
    args: ['--', ...names],
    descriptors: process.platform === 'win32' ? [] : descriptors,
    isEmpty: names.length === 0,
    away,
    glob: (pattern) => pattern,
    relative: (name) => name,
    close,
  };
}

/** Undefined for a workspace that cannot be reached now. */
async function openReachable(sandbox: Sandbox, mount: string): Promise<Entry | undefined> {
  try {
    return await sandbox.open(mount);
  } catch (error) {
    if (isAway(error)) return undefined;
    throw error;
  }
}

function plainGround(directory: Entry): Ground {
  return {
    ...NOTHING_AWAY,
    cwd: directory.at,
    args: ['--', './'],
    descriptors: [],
    glob: (pattern) => pattern,
    relative: (name) => name.slice(2),
    close: () => Promise.resolve(),
  };
}

/** The rules of the folders above, written for the root; the stronger ones further down. */
async function rulesAbove(sandbox: Sandbox, mount: string, relative: string): Promise<string> {
  const folders = relative.split('/').slice(1, -1);
  const rules: string[] = [];
  for (const name of IGNORE_FILES) {
    for (let level = 0; level <= folders.length; level++) {
      const folder = folders.slice(0, level).join('/');
      const lines = await readRules(sandbox, joinPath(joinPath(mount, folder), name));
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
      const text = buffer.toString('utf8', 0, bytesRead).replace(/^\ufeff/, '');
      const lines = text.split(/\r?\n/);
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
