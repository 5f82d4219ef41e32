import * as z from 'zod';
import { setting } from '../../core/setting.ts';
import { jobsSetting } from './declaration/declaration.ts';

export const jobsOptions = z.object({
  jobs: jobsSetting,
  maxRuns: setting(z.int().min(1).max(256).default(8), {
    description: 'Runs of jobs at the same time in one process; further ones are refused as BUSY.',
    example: 16,
  }),
  runsPerPrincipal: setting(z.int().min(1).max(256).default(3), {
    description: 'Those of one person among them, so that nobody takes all places.',
    example: 1,
  }),
  keptSeconds: setting(z.int().min(60).max(2_592_000).default(86_400), {
    description: 'How long the result of a run can be asked for after its end, in seconds.',
    example: 604_800,
  }),
});

export type JobsOptions = z.output<typeof jobsOptions>;
