/**
 * Whatever way a run ends, nothing of it is left: not what it has started in its group, not what has left group
 * and session, and not what does not heed the request to end. That holds for a server that was killed, too.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { type JobBench, openJobs, processesWith, shellJob } from '../fixtures/job-tools.ts';

let count = 0;

/** A number of seconds that no other test sleeps. */
function ownWord(): string {
  return `${process.pid}${String(++count).padStart(3, '0')}.5`;
}

/**
 * Leaves a process in the group, one in a session of its own, two beyond that and one without environment, all deaf
 * to SIGTERM.
 */
function spawning(word: string, then: string): string {
  return `trap '' TERM; sleep ${word} & setsid sleep ${word} & setsid sh -c 'setsid sleep ${word} & sleep ${word}' & env -i setsid sleep ${word} & until [ $(grep -lz '^${word}$' /proc/[0-9]*/cmdline 2>/dev/null | wc -l) -ge 5 ]; do :; done; echo ready; ${then}`;
}

async function ready(jobs: JobBench): Promise<string> {
  const id = await jobs.start('spawner');
  await expect.poll(() => jobs.call('get_job', { run_id: id }), { timeout: 10_000 }).toContain('\nready\n');
  return id;
}

const WAIT = 'while :; do sleep 0.05; done';
const quick = { graceSeconds: 0.1 };

interface Case {
  readonly when: string;
  /** Of the answer. */
  readonly said: string;
  /** What the job does when it has started others. */
  readonly then?: string;
  readonly settings?: Record<string, unknown>;
  readonly end?: (jobs: JobBench) => Promise<string>;
}

const CASES: readonly Case[] = [
  { when: 'it ends by itself', said: 'succeeded, exit code 0', then: 'exit 0', settings: {} },
  { when: 'it fails', said: 'failed, exit code 7', then: 'exit 7', settings: {} },
  { when: 'its time is over', said: '(timed_out)', settings: { ...quick, timeoutSeconds: 2 } },
  {
    when: 'it takes more memory than it may',
    said: 'failed, exit code 1',
    then: 'exec tail /dev/zero',
    settings: { memoryMb: 32 },
  },
  {
    when: 'it takes more processor time than it may',
    said: 'its processor time was used up',
    then: 'while :; do :; done',
    settings: { cpuSeconds: 1 },
  },
  {
    when: 'it prints without end',
    said: '(output_limit)',
    then: 'exec yes',
    settings: { ...quick, outputKb: 64 },
  },
  {
    when: 'it is cancelled',
    said: 'was cancelled',
    end: async (jobs) => jobs.call('cancel_job', { run_id: await ready(jobs) }),
  },
  {
    when: 'its call is cancelled',
    said: 'was cancelled',
    end: async (jobs) => {
      const controller = new AbortController();
      const onLog = (line: unknown): void => {
        if (line === 'ready') controller.abort(new Error('the call was cancelled'));
      };
      const call = jobs.call('run_job', { job: 'spawner' }, { signal: controller.signal, onLog });
      return await call.catch((error: unknown) => String(error));
    },
  },
  {
    when: 'the authority is revoked that it was begun under',
    said: 'was cancelled',
    end: async (jobs) => {
      const id = await ready(jobs);
      jobs.feature.revoked?.('grant-of-bob');
      expect(await jobs.call('get_job', { run_id: id })).toContain('is running');
      jobs.feature.revoked?.('grant-of-alice');
      const answer = () => jobs.call('get_job', { run_id: id });
      await expect.poll(answer).toContain('was cancelled');
      return answer();
    },
  },
  {
    when: 'the server is stopped',
    said: '(interrupted)',
    end: async (jobs) => {
      const id = await ready(jobs);
      await jobs.feature.finish?.(10);
      await jobs.feature.close();
      return jobs.call('get_job', { run_id: id });
    },
  },
];

it.each(CASES)(
  'nothing is left of a run when $when',
  async ({ said, then = WAIT, settings = quick, end }) => {
    const word = ownWord();
    const jobs = await openJobs([shellJob('spawner', spawning(word, then), settings)]);
    const answer = await (end?.(jobs) ?? jobs.call('run_job', { job: 'spawner' }));
    expect(answer).toContain(said);
    expect(await processesWith(word)).toEqual([]);
    const folders = (await readdir(tmpdir())).filter((name) =>
      name.startsWith(`fairlead-job-${process.pid}-`),
    );
    expect(folders).toEqual([]);
  },
);

/** Has a server start the process, and kills the server when that is there, with as many of its word. */
async function killServerOf(start: object, word: string, count: number): Promise<void> {
  const source = new URL('../../src/processes/index.ts', import.meta.url).href;
  const script = `
    const { createProcesses } = await import(${JSON.stringify(source)});
    const { child } = createProcesses({ logger: console }).start(${JSON.stringify(start)});
    child.stdout.on('data', (data) => process.stdout.write(data));
  `;
  const server = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'pipe' });
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  expect(line.toString()).toBe('ready\n');
  await expect.poll(async () => (await processesWith(word)).length).toBeGreaterThanOrEqual(count);
  server.kill('SIGKILL');
}

const PLAIN = { command: '/bin/sh', env: { PATH: '/usr/bin:/bin' } };

it('nothing is left of a run when the server is killed', async () => {
  const word = ownWord();
  const args = ['-c', spawning(word, WAIT)];
  await killServerOf({ ...PLAIN, args, contained: true, limits: { memoryBytes: 1e9 } }, word, 6);
  await expect.poll(() => processesWith(word), { timeout: 10_000 }).toEqual([]);
});

it('a process of another kind ends with a server that is killed, too', async () => {
  const word = `sleep\0${ownWord()}`;
  const [, seconds = ''] = word.split('\0');
  await killServerOf({ ...PLAIN, args: ['-c', `echo ready; exec sleep ${seconds}`] }, word, 1);
  await expect.poll(() => processesWith(word), { timeout: 10_000 }).toEqual([]);
});

it('a run can become no other user, who could not be ended', async () => {
  expect(existsSync('/usr/bin/setpriv'), 'install util-linux').toBe(true);
  const jobs = await openJobs([shellJob('status', 'grep NoNewPrivs /proc/self/status')]);
  expect(await jobs.call('run_job', { job: 'status' })).toContain('NoNewPrivs:\t1');
});
