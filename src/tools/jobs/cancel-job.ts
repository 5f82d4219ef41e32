import * as z from 'zod';
import type { Telemetry } from '../../core/telemetry.ts';
import { defineTool, type Tool } from '../../core/tool.ts';
import type { JobOptions } from './declaration/declaration.ts';
import { isOver } from './running/run-record.ts';
import type { Runs } from './running/runs.ts';
import { tellRun, unknownRun } from './tell-run.ts';

const DESCRIPTION =
  'Ends a run that run_job has started, with every process that came of it, and answers how it stands afterwards. What it has done until then stays done. A run that is over stays as it ended.';

const DEFAULT_GRACE_SECONDS = 5;
const SHOWN_LINES = 20;
// Its grace at the most, and what other processes take to hear of it.
const TIMEOUT_MS = 90_000;

const input = z.object({
  run_id: z.string().min(1).max(100).describe('As run_job has answered it.'),
});

export function cancelJobTool(jobs: readonly JobOptions[], runs: Runs, audit: Telemetry['audit']): Tool {
  return defineTool({
    name: 'cancel_job',
    title: 'Cancel job',
    description: DESCRIPTION,
    scopes: ['jobs:run'],
    effect: 'destroy',
    idempotent: true,
    input,
    aliases: { id: 'run_id', run: 'run_id', job_id: 'run_id' },
    timeoutMs: TIMEOUT_MS,
    async run({ principal, budget, signal }, { run_id: id }) {
      const record = await runs.find(principal, id);
      if (record === undefined || !principal.permit.allowsJob(record.job)) return unknownRun(id);
      if (isOver(record)) return tellRun(record, SHOWN_LINES, budget);
      const { subject, clientId } = principal;
      const details = { job: record.job, run: id };
      audit({ action: 'job.cancelled', outcome: 'success', subject, clientId, details });
      const graceSeconds =
        jobs.find(({ name }) => name === record.job)?.graceSeconds ?? DEFAULT_GRACE_SECONDS;
      const ended = await runs.cancel(principal, record, { graceMs: graceSeconds * 1000, signal });
      return tellRun(ended ?? record, SHOWN_LINES, budget);
    },
  });
}
