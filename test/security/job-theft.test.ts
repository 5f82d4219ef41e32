/** A run belongs to its subject: for everybody else it is as unknown as one that never was. */
import { expect, it } from 'vitest';
import { newRunId } from '../../src/tools/jobs/running/run-store.ts';
import { openJobs, shellJob } from '../fixtures/job-tools.ts';
import { principalOf } from '../fixtures/principal.ts';

const mallory = { principal: principalOf({ subject: 'mallory' }) };
const JOBS = [shellJob('slow', 'echo secret; while :; do sleep 0.05; done', { graceSeconds: 0.1 })];

it("somebody else's run cannot be read or cancelled, while it runs and afterwards", async () => {
  const jobs = await openJobs(JOBS);
  const id = await jobs.start('slow');
  const never = newRunId();
  const unknown = await jobs.failure('get_job', { run_id: never }, mallory);
  const isUnknown = async (): Promise<void> => {
    for (const tool of ['get_job', 'cancel_job']) {
      const { code, message, next } = await jobs.failure(tool, { run_id: id }, mallory);
      expect([code, message.replace(id, never), next]).toEqual([unknown.code, unknown.message, unknown.next]);
    }
  };
  await isUnknown();
  expect(await jobs.call('get_job', { run_id: id })).toContain('is running');
  expect(await jobs.call('cancel_job', { run_id: id })).toContain('was cancelled');
  await isUnknown();
});

it.each(['*', '../', `${'a'.repeat(23)}:`, `alice:${'a'.repeat(24)}`, 'jobs:run:x', '%', ''])(
  'what is no id of a run leads nowhere: %j',
  async (id) => {
    const jobs = await openJobs(JOBS);
    expect((await jobs.failure('get_job', { run_id: id })).code).toBe('INVALID_ARGUMENT');
  },
);

it('ids cannot be guessed', () => {
  const ids = Array.from({ length: 1000 }, () => newRunId());
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => /^[\w-]{24}$/.test(id))).toBe(true);
});
