import { execFileSync, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Ripgrep } from '../../../../src/tools/files/ripgrep.ts';
import { Slots } from '../../../../src/core/slots.ts';
import { makeFolder } from '../../../fixtures/file-tools.ts';
import { processesWith } from '../../../fixtures/job-tools.ts';

const never = new AbortController().signal;

/** A FIFO that nobody writes to keeps a search of it waiting for ever. */
async function endlessSearch(): Promise<{ cwd: string; args: string[] }> {
  const cwd = await makeFolder();
  execFileSync('mkfifo', [`${cwd}/fifo`]);
  return { cwd, args: ['x', 'fifo'] };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Processes whose parent is this one and that run ripgrep. */
async function children(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  const ours = new RegExp(`^(\\d+) \\(rg\\) \\w ${process.pid} `);
  return stats.flatMap((stat) => ours.exec(stat)?.[1] ?? []).map(Number);
}

describe('running ripgrep', () => {
  it('tells the output and how it ended', async () => {
    const cwd = await makeFolder({ 'a.txt': 'needle\n' });
    const ripgrep = new Ripgrep(new Slots(1));
    let output = '';
    const take = (chunk: Buffer): boolean => {
      output += chunk.toString();
      return true;
    };
    expect(await ripgrep.run({ cwd, args: ['needle'], signal: never, onOutput: take })).toMatchObject({
      how: 'finished',
      exitCode: 0,
    });
    expect(output).toBe('a.txt:needle\n');
    expect(await ripgrep.run({ cwd, args: ['hay'], signal: never, onOutput: take })).toMatchObject({
      exitCode: 1,
    });
    const broken = await ripgrep.run({ cwd, args: ['('], signal: never, onOutput: take });
    expect(broken).toMatchObject({ exitCode: 2 });
    expect(broken.complaint).toMatch(/^regex parse error/);
  });

  it('knows its version', async () => {
    expect(await new Ripgrep(new Slots(1)).version()).toMatch(/^\d+\.\d+/);
  });

  it('gives its process nothing of the environment, which may hold secrets', async () => {
    const controller = new AbortController();
    const search = { ...(await endlessSearch()), signal: controller.signal, onOutput: () => true };
    const run = new Ripgrep(new Slots(1)).run(search);
    const environment = await vi.waitFor(async () => {
      const [pid = 0] = await children();
      return await readFile(`/proc/${pid}/environ`, 'utf8');
    });
    expect(environment).toBe('');
    controller.abort(new Error('cancelled'));
    await expect(run).rejects.toThrow('cancelled');
  });

  it('leaves no process behind when the call is cancelled', async () => {
    const ripgrep = new Ripgrep(new Slots(1));
    const controller = new AbortController();
    const run = ripgrep.run({ ...(await endlessSearch()), signal: controller.signal, onOutput: () => true });
    const pid = await vi.waitFor(async () => {
      const pids = await children();
      expect(pids).toHaveLength(1);
      return pids[0] ?? 0;
    });
    controller.abort(new Error('cancelled'));
    await expect(run).rejects.toThrow('cancelled');
    expect(exists(pid)).toBe(false);
    expect(ripgrep.running).toBe(0);
  });

  it('ends a process whose patience is over, and one that nobody listens to any more', async () => {
    const ripgrep = new Ripgrep(new Slots(1));
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
    const ripgrep = new Ripgrep(new Slots(1));
    const cwd = await makeFolder({ 'a.txt': 'needle\n' });
    const listener = (): boolean => {
      throw new Error('the listener failed');
    };
    await expect(ripgrep.run({ cwd, args: ['needle'], signal: never, onOutput: listener })).rejects.toThrow(
      'the listener failed',
    );
    expect(ripgrep.running).toBe(0);
  });

  it('runs no more processes at once than it may, and gives places back', async () => {
    const ripgrep = new Ripgrep(new Slots(2));
    const endless = await endlessSearch();
    const controller = new AbortController();
    const runs = Array.from({ length: 4 }, () =>
      ripgrep.run({ ...endless, signal: controller.signal, onOutput: () => true }).catch(() => 'ended'),
    );
    await vi.waitFor(() => {
      expect(ripgrep.running).toBe(2);
    });
    await delay(0);
    expect(ripgrep.running).toBe(2);
    controller.abort(new Error('over'));
    await Promise.all(runs);
    expect(ripgrep.running).toBe(0);
  });

  it('ends with a server that is killed', async () => {
    const { cwd, args } = await endlessSearch();
    const word = `${cwd}/fifo`;
    const sources = new URL('../../../../src/', import.meta.url).href;
    const script = `
      const { Ripgrep } = await import('${sources}tools/files/ripgrep.ts');
      const { Slots } = await import('${sources}core/slots.ts');
      const signal = new AbortController().signal;
      void new Ripgrep(new Slots(1)).run({ args: ['${args[0]}', '${word}'], signal, onOutput: () => true });
    `;
    const server = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
    const searching = async (): Promise<number> =>
      (await processesWith(word)).filter((pid) => pid !== server.pid).length;
    await expect.poll(searching, { timeout: 10_000 }).toBe(1);
    server.kill('SIGKILL');
    await expect.poll(searching, { timeout: 5000 }).toBe(0);
  });

  it('ends everything when it is closed', async () => {
    const ripgrep = new Ripgrep(new Slots(1));
    const run = ripgrep.run({ ...(await endlessSearch()), signal: never, onOutput: () => true });
    await vi.waitFor(() => {
      expect(ripgrep.running).toBe(1);
    });
    ripgrep.close();
    await run;
    expect(ripgrep.running).toBe(0);
  });
});
