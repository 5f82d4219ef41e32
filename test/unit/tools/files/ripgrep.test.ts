import { execFileSync, spawn } from 'node:child_process';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Slots } from '../../../../src/core/slots.ts';
import { createProcesses } from '../../../../src/processes/index.ts';
import { Ripgrep } from '../../../../src/tools/files/ripgrep.ts';
import { makeFolder } from '../../../fixtures/file-tools.ts';
import { processesWith } from '../../../fixtures/job-tools.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

const never = new AbortController().signal;

function openRipgrep(places = 1) {
  const processes = createProcesses(recordTelemetry());
  onTestFinished(() => processes.close());
  return { processes, ripgrep: new Ripgrep(processes, new Slots(places)) };
}

/** A FIFO that nobody writes to keeps a search of it waiting for ever. */
async function endlessSearch(): Promise<{ cwd: string; args: string[] }> {
  const cwd = await makeFolder();
  execFileSync('mkfifo', [`${cwd}/fifo`]);
  return { cwd, args: ['x', 'fifo'] };
}

/** Processes whose parent is this one and that run ripgrep. */
async function children(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  const ours = new RegExp(`^(\\d+) \\(rg\\) \\w ${process.pid} `);
  return stats.flatMap((stat) => ours.exec(stat)?.[1] ?? []).map(Number);
}

async function onlyChild(): Promise<number> {
  return vi.waitFor(async () => {
    const [pid, ...others] = await children();
    expect(others).toEqual([]);
    if (pid === undefined) throw new Error('Nothing runs yet');
    return pid;
  });
}

describe('running ripgrep', () => {
  it('tells the output and how it ended', async () => {
    const cwd = await makeFolder({ 'a.txt': 'needle\n' });
    const { ripgrep } = openRipgrep();
    let output = '';
    const take = (chunk: Buffer): boolean => {
      output += chunk.toString();
      return true;
    };
    const run = (pattern: string) => ripgrep.run({ cwd, args: [pattern], signal: never, onOutput: take });
    const finished = { how: 'finished', complaint: undefined, isOutOfMemory: false };
    expect(await run('needle')).toEqual(finished);
    expect(output).toBe('a.txt:needle\n');
    expect(await run('hay')).toEqual(finished);
    expect((await run('(')).complaint).toMatch(/^regex parse error/);
  });

  it('knows its version', async () => {
    expect(await openRipgrep().ripgrep.version()).toMatch(/^\d+\.\d+/);
  });

  it.each([
    ['that is not there', undefined],
    ['that cannot be executed', 0o644],
    ['that breaks down', 0o755],
  ])('does not take a program %s for one that finds nothing', async (_, mode) => {
    const program = join(
      await makeFolder({ rg: '#!/bin/sh\nexit 101\n' }),
      mode === undefined ? 'gone' : 'rg',
    );
    if (mode !== undefined) await chmod(program, mode);
    const { processes } = openRipgrep();
    const ripgrep = new Ripgrep(processes, new Slots(1), () => Promise.resolve(program));
    const unavailable = {
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringContaining('not available') as string,
    };
    await expect(ripgrep.version()).rejects.toMatchObject(unavailable);
    const run = ripgrep.run({ args: ['x'], signal: never, onOutput: () => true });
    await expect(run).rejects.toMatchObject(unavailable);
  });

  it('gives its process nothing of the environment, which may hold secrets', async () => {
    const controller = new AbortController();
    const search = { ...(await endlessSearch()), signal: controller.signal, onOutput: () => true };
    const run = openRipgrep().ripgrep.run(search);
    expect(await readFile(`/proc/${await onlyChild()}/environ`, 'utf8')).toBe('');
    controller.abort(new Error('cancelled'));
    await expect(run).rejects.toThrow('cancelled');
  });

  it('leaves no process behind when the call is cancelled', async () => {
    const { ripgrep, processes } = openRipgrep();
    const controller = new AbortController();
    const run = ripgrep.run({ ...(await endlessSearch()), signal: controller.signal, onOutput: () => true });
    await onlyChild();
    controller.abort(new Error('cancelled'));
    await expect(run).rejects.toThrow('cancelled');
    expect(await children()).toEqual([]);
    expect(processes.running).toBe(0);
  });

  it('ends a process whose patience is over, and one that nobody listens to any more', async () => {
    const { ripgrep } = openRipgrep();
    const endless = await endlessSearch();
    expect(
      await ripgrep.run({ ...endless, signal: never, patienceMs: 20, onOutput: () => true }),
    ).toMatchObject({
      how: 'expired',
    });
    const cwd = await makeFolder({ 'a.txt': 'needle\n'.repeat(100_000) });
    let chunks = 0;
    const enough = (): boolean => {
      chunks++;
      return false;
    };
    expect(await ripgrep.run({ cwd, args: ['needle'], signal: never, onOutput: enough })).toMatchObject({
      how: 'stopped',
    });
    expect(chunks).toBe(1);
  });

  it('fails with what the listener throws, and ends the process', async () => {
    const { ripgrep, processes } = openRipgrep();
    const cwd = await makeFolder({ 'a.txt': 'needle\n' });
    const listener = (): boolean => {
      throw new Error('the listener failed');
    };
    await expect(ripgrep.run({ cwd, args: ['needle'], signal: never, onOutput: listener })).rejects.toThrow(
      'the listener failed',
    );
    expect(processes.running).toBe(0);
  });

  it('runs no more processes at once than it may, and gives places back', async () => {
    const { ripgrep, processes } = openRipgrep(2);
    const endless = await endlessSearch();
    const controller = new AbortController();
    const runs = Array.from({ length: 4 }, () =>
      ripgrep.run({ ...endless, signal: controller.signal, onOutput: () => true }).catch(() => 'ended'),
    );
    await vi.waitFor(() => {
      expect(processes.running).toBe(2);
    });
    await delay(0);
    expect(processes.running).toBe(2);
    controller.abort(new Error('over'));
    await Promise.all(runs);
    expect(processes.running).toBe(0);
  });

  it('ends with a server that is killed', async () => {
    const { cwd, args } = await endlessSearch();
    const word = `${cwd}/fifo`;
    const sources = new URL('../../../../src/', import.meta.url).href;
    const script = `
      const { Ripgrep } = await import('${sources}tools/files/ripgrep.ts');
      const { Slots } = await import('${sources}core/slots.ts');
      const { createProcesses } = await import('${sources}processes/index.ts');
      const signal = new AbortController().signal;
      const ripgrep = new Ripgrep(createProcesses({ logger: console }), new Slots(1));
      void ripgrep.run({ args: ['${args[0]}', '${word}'], signal, onOutput: () => true });
    `;
    const server = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
    const searching = async (): Promise<string[]> => {
      const pids = (await processesWith(word)).filter((pid) => pid !== server.pid);
      return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
    };
    // Only then has what starts it tied it to the server.
    await expect.poll(searching, { timeout: 10_000 }).toEqual(['rg\n']);
    server.kill('SIGKILL');
    await expect.poll(searching, { timeout: 5000 }).toEqual([]);
  });

  it('fails when somebody else ends its process: what was told by then is not all', async () => {
    const { ripgrep } = openRipgrep();
    const run = ripgrep.run({ ...(await endlessSearch()), signal: never, onOutput: () => true });
    const failed = expect(run).rejects.toThrow('The search was broken off on this server.');
    process.kill(await onlyChild(), 'SIGKILL');
    await failed;
  });

  it('ends with the service', async () => {
    const { ripgrep, processes } = openRipgrep();
    const run = ripgrep.run({ ...(await endlessSearch()), signal: never, onOutput: () => true });
    const failed = expect(run).rejects.toThrow('broken off');
    await onlyChild();
    await processes.close();
    await failed;
    expect(await children()).toEqual([]);
  });
});
