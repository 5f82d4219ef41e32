import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../../../src/core/errors.ts';
import type { Store } from '../../../../src/core/store.ts';
import { openStore } from '../../../../src/store/index.ts';
import { openJobs, shellJob } from '../../../fixtures/job-tools.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

/** A store that one process cannot reach for a while. */
function breakable(store: Store): { store: Store; link: { isDown: boolean } } {
  const link = { isDown: false };
  const get = (target: Store, name: string | symbol): unknown => {
    const member: unknown = Reflect.get(target, name);
    if (!(member instanceof Function)) return member;
    return link.isDown
      ? () => Promise.reject(new AppError('UNAVAILABLE', 'The store cannot be reached.'))
      : member.bind(target);
  };
  return { link, store: new Proxy(store, { get }) };
}

const JOBS = [
  shellJob('slow', 'echo ::progress 1/3; echo begun; while :; do sleep 0.05; done', { graceSeconds: 0.1 }),
  shellJob('quick', 'echo done; exit 4'),
];

/** As two processes see it: one file, each with a connection of its own. */
async function twoStores(): Promise<[Store, Store]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-store-'));
  const options = { url: `sqlite:${join(dataDir, 'state.sqlite')}` };
  const surroundings = { dataDir, logger: recordTelemetry().logger };
  const stores = [await openStore(options, surroundings), await openStore(options, surroundings)] as const;
  onTestFinished(async () => {
    await Promise.all(stores.map((store) => store.close()));
    rmSync(dataDir, { recursive: true });
  });
  return [...stores];
}

it('a run can be asked for and cancelled in any process, and its job runs as often as it may over all', async () => {
  const [first, second] = await twoStores();
  const here = await openJobs(JOBS, { store: first });
  const there = await openJobs(JOBS, { store: second });
  const id = await here.start('slow');
  await expect
    .poll(() => there.call('get_job', { run_id: id }), { timeout: 5000 })
    .toMatch(/is running.*\nprogress: 1 of 3\n--- output ---\nbegun\n/);
  expect((await there.failure('run_job', { job: 'slow' })).code).toBe('BUSY');
  expect(await there.call('cancel_job', { run_id: id })).toContain('was cancelled');
  expect(await here.call('get_job', { run_id: id })).toContain('was cancelled');
  const again = await there.start('slow');
  await there.call('cancel_job', { run_id: again });
});

it('a result outlives the process that has brought it', async () => {
  const [first, second] = await twoStores();
  const here = await openJobs(JOBS, { store: first });
  const there = await openJobs(JOBS, { store: second });
  const answer = await here.call('run_job', { job: 'quick' });
  const [, id = ''] = /^run (\S+):/.exec(answer) ?? [];
  await here.feature.close();
  expect(await there.call('get_job', { run_id: id })).toBe(answer);
});

it('a run of a process that does not show itself any more is lost, unless it comes back', async () => {
  const [first, second] = await twoStores();
  const here = await openJobs(JOBS, { store: first });
  const there = await openJobs(JOBS, { store: second });
  const id = await here.start('slow');
  await second.take(`jobs:alive:${id}`);
  expect(await there.call('get_job', { run_id: id })).toContain('slow is lost');
  await here.call('cancel_job', { run_id: id });
  expect(await there.call('get_job', { run_id: id })).toContain('was cancelled');
});

describe('a run that ends while the store cannot be reached', () => {
  /** A run that has ended so, as its process and another see it. */
  async function ended() {
    const [first, second] = await twoStores();
    const { store, link } = breakable(first);
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-release-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const script = 'while [ ! -e "$1" ]; do sleep 0.02; done; echo released';
    const command = ['sh', '-c', script, 'sh', join(folder, 'go')];
    const jobs = [shellJob('waiting', script, { command })];
    const here = await openJobs(jobs, { store });
    const there = await openJobs(jobs, { store: second });
    const id = await here.start('waiting');
    link.isDown = true;
    writeFileSync(join(folder, 'go'), '');
    const toldBy = (bench: typeof here) => bench.call('get_job', { run_id: id });
    await expect.poll(() => toldBy(here)).toContain('waiting succeeded');
    return { here, there, toldBy, link, forgetAlive: () => second.take(`jobs:alive:${id}`) };
  }

  it('is told by its process, and by all once the store is back', async () => {
    const { here, there, toldBy, link, forgetAlive } = await ended();
    // Until nobody waits for the store any more.
    await here.feature.finish?.(60_000);
    expect(await toldBy(here)).toContain('waiting succeeded');
    await forgetAlive();
    expect(await toldBy(there)).toContain('waiting is lost');
    link.isDown = false;
    await expect.poll(() => toldBy(there), { timeout: 10_000 }).toContain('waiting succeeded');
  });

  it('is stored when its process stops, if the store is back', async () => {
    const { here, there, toldBy, link } = await ended();
    link.isDown = false;
    await here.feature.close();
    expect(await toldBy(there)).toContain('waiting succeeded');
  });

  it('keeps no process from stopping that cannot store it, which the log tells', async () => {
    const { here, link } = await ended();
    await here.feature.close();
    expect(here.telemetry.lines.some(({ message }) => message === 'the end of a run is not stored')).toBe(
      true,
    );
    link.isDown = false;
  });
});
