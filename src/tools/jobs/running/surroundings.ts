import { constants } from 'node:fs';
import { access, chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { JobOptions } from '../declaration/declaration.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const LANG = 'C.UTF-8';
const FOLDER = /^fairlead-job-(\d+)-/;

/** Where a run takes place. */
export interface RunFolder {
  /** The run's own: its HOME and TMPDIR. */
  readonly own: string;
  /** Where its output is written, which it is not told. */
  readonly output: string;
  remove(): Promise<void>;
}

/** A folder that nobody else can read; its name tells whose it is, for when that process cannot remove it. */
export async function makeRunFolder(): Promise<RunFolder> {
  const path = await mkdtemp(join(tmpdir(), `fairlead-job-${process.pid}-`));
  const own = join(path, 'run');
  await mkdir(own, { mode: 0o700 });
  return { own, output: join(path, 'output'), remove: () => remove(path) };
}

/** Removes the folders of processes that were ended without being able to. */
export async function removeForsakenFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = FOLDER.exec(name)?.[1];
    const path = join(tmpdir(), name);
    if (pid !== undefined && (await isForsaken(path, Number(pid)))) await remove(path);
  }
}

async function isForsaken(path: string, pid: number): Promise<boolean> {
  if (pid !== process.pid && isRunning(pid)) return false;
  // It may have gone meanwhile.
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.uid !== process.getuid?.()) return false;
  // In a container every server has the same number: what is older than this one is not its own.
  return pid !== process.pid || found.mtimeMs < Date.now() - process.uptime() * 1000;
}

/** With what the run has made unwritable, as caches of some tools are. */
async function remove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await makeWritable(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}

/** All that a run finds in its environment. */
export async function environmentOf(
  { env, envFiles }: Pick<JobOptions, 'env' | 'envFiles'>,
  folder: string,
): Promise<Record<string, string>> {
  const secrets = await Promise.all(
    Object.entries(envFiles).map(async ([name, path]) => [name, await readSecret(path)] as const),
  );
  return { PATH, LANG, HOME: folder, TMPDIR: folder, ...env, ...Object.fromEntries(secrets) };
}

/** What keeps a job from running, for the operator; without paths, as it is shown by `info` as well. */
export async function obstacleOf(job: JobOptions): Promise<string | undefined> {
  const [program = ''] = job.command;
  if ((await findProgram(job)) === undefined) {
    return `its program ${program.slice(program.lastIndexOf('/') + 1)} is missing or cannot be executed`;
  }
  if (job.cwd !== undefined && !(await isFolder(job.cwd))) return 'its folder (cwd) is missing';
  for (const [name, path] of Object.entries(job.envFiles)) {
    const isReadable = await readSecret(path).then(
      () => true,
      () => false,
    );
    if (!isReadable) return `the file for ${name} (envFiles) cannot be read`;
  }
  return undefined;
}

/** Where the program is: names are looked up in the PATH that the job gets. */
export async function findProgram({ command, env }: JobOptions): Promise<string | undefined> {
  const [program = ''] = command;
  const folders = program.startsWith('/') ? [''] : (env['PATH'] ?? PATH).split(delimiter);
  for (const folder of folders) {
    const path = folder === '' ? program : join(folder, program);
    // An empty entry of PATH means the working directory: not here.
    if (path.startsWith('/') && (await isExecutable(path))) return path;
  }
  return undefined;
}

async function readSecret(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process has this number now, and it is no process of ours.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
