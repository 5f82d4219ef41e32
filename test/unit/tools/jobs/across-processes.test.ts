import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../../../src/core/store.ts';
import { openStore } from '../../../../src/store/index.ts';
import { openJobs, shellJob } from '../../../fixtures/job-tools.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

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
