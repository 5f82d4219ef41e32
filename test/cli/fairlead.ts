import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const PROGRAM = join(import.meta.dirname, '../../dist/main.js');

type Env = Readonly<Record<string, string>>;

/** An empty folder to run in, removed when the test ends. */
export async function emptyFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-cli-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** The built program, started in a folder with nothing in its environment but what is given. */
export class Run {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>;

  constructor(argv: readonly string[], context: { readonly cwd: string; readonly env?: Env }) {
    this.child = spawn(process.execPath, [PROGRAM, ...argv], { cwd: context.cwd, env: context.env ?? {} });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (status) => {
        resolve({ status, stdout: this.stdout, stderr: this.stderr });
      });
    });
    onTestFinished(() => void this.child.kill('SIGKILL'));
  }

  /** The lines of the log so far. */
  get log(): Record<string, unknown>[] {
    const lines = this.stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** Runs a command to its end. */
export async function fairlead(
  argv: readonly string[],
  context: { readonly cwd: string; readonly env?: Env; readonly input?: string },
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const run = new Run(argv, context);
  // A command that ends without reading is no error of the test's.
  run.child.stdin?.on('error', () => undefined).end(context.input ?? '');
  return await run.ended;
}
