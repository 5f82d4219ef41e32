import * as z from 'zod';
import { defineTool, type Tool } from '../../core/tool.ts';
import type { Runs } from './running/runs.ts';
import { MAX_TAIL_LINES, tellRun, unknownRun } from './tell-run.ts';

const DESCRIPTION =
  'Tells how a run of run_job stands: running with its progress, or how it ended, and the last lines of its output, which are the words of another program. Take it when run_job has answered a run_id. Results are kept for a time.';

const input = z.object({
  run_id: z.string().min(1).max(100).describe('As run_job has answered it.'),
  tail_lines: z.int().min(0).max(MAX_TAIL_LINES).default(50).describe('Lines from the end of its output.'),
});

export function getJobTool(runs: Runs): Tool {
  return defineTool({
    name: 'get_job',
    title: 'Get job',
    description: DESCRIPTION,
    scopes: ['jobs:read'],
    effect: 'read',
    input,
    aliases: { id: 'run_id', run: 'run_id', job_id: 'run_id', lines: 'tail_lines', tail: 'tail_lines' },
    async run({ principal, budget }, { run_id: id, tail_lines: lines }) {
      const record = await runs.find(principal, id);
      if (record === undefined || !principal.permit.allowsJob(record.job)) return unknownRun(id);
      return tellRun(record, lines, budget);
    },
  });
}
