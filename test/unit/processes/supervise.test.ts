import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SupervisedProcess } from '../../../src/core/processes.ts';
import { createProcesses } from '../../../src/processes/index.ts';
import { processesWith } from '../../fixtures/job-tools.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';

/** Starts another process, says its number, and waits. */
const FAMILY = 'sleep 600 & echo $!; wait';
const LONG = 600_000;

/** A process with another one in its group, and what they do: `S` for sleep, `T` when stopped. */
async function family() {
  const processes = createProcesses(recordTelemetry());
  onTestFinished(() => processes.close());
  const start = { command: '/bin/sh', args: ['-c', FAMILY], env: { PATH: '/usr/bin:/bin' } };
  const supervised: SupervisedProcess = processes.start(start);
  const { child } = supervised;
  if (child.stdout === null) throw new Error('No output');
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const pids = [child.pid ?? 0, Number(said.toString())];
  const states = async (): Promise<string> => {
    const stats = pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') -'));
    return (await Promise.all(stats)).map((stat) => /\) (\S)/.exec(stat)?.[1] ?? '?').join('');
  };
  return { supervised, states };
}

describe('a process that is to rest', () => {
  it('stops with all of its group, and goes on by itself', async () => {
    const { supervised, states } = await family();
    supervised.rest(LONG);
    await expect.poll(states).toBe('TT');
    supervised.rest(1);
    await expect.poll(states).toBe('SS');
  });

  it('can be ended meanwhile', async () => {
    const { supervised, states } = await family();
    supervised.rest(LONG);
    await expect.poll(states).toBe('TT');
    supervised.kill();
    expect(await supervised.ended).toEqual({ exitCode: undefined, signal: 'SIGKILL' });
    await expect.poll(states).toMatch(/^[-Z]{2}$/);
  });
});

/** Processes of this one that stand by to end what it would leave behind. */
async function wardens(): Promise<number> {
  const stats = (await processesWith('/warden.')).map((pid) =>
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
  );
  const ours = new RegExp(`\\) \\S ${process.pid} `);
  return (await Promise.all(stats)).filter((stat) => ours.test(stat)).length;
}

it('what cannot be started has nobody stand by for it', async () => {
  const before = await wardens();
  const processes = createProcesses(recordTelemetry());
  onTestFinished(() => processes.close());
  const start = { command: '/bin/true', args: ['a\0b'], env: {}, contained: true };
  expect(() => processes.start(start)).toThrow('null bytes');
  expect(await wardens()).toBeLessThanOrEqual(before);
});
