import type { HealthCheck } from '../../core/health.ts';
import type { Processes } from '../../core/processes.ts';
import type { FileAccessContext, Source, ToolFeature } from '../../core/tool-feature.ts';
import { cancelJobTool } from './cancel-job.ts';
import { Catalog, tellJob } from './catalog.ts';
import type { JobOptions } from './declaration/declaration.ts';
import { compilePatterns } from './declaration/patterns.ts';
import { getJobTool } from './get-job.ts';
import type { JobsOptions } from './options.ts';
import { runJobTool } from './run-job.ts';
import { RunStore } from './running/run-store.ts';
import { Runs } from './running/runs.ts';
import { obstacleOf } from './running/surroundings.ts';

/**
 * The tools that run what the operator has declared. Without any job there are none.
 *
 * @throws ConfigurationError for patterns that cannot be used
 */
export async function createJobTools(
  { jobs, keptSeconds, ...limits }: JobsOptions,
  context: FileAccessContext,
): Promise<ToolFeature> {
  const { processes, scratch, audit, logger } = context;
  const store = new RunStore(context.store, keptSeconds);
  const runs = new Runs(limits, { store, processes, scratch, audit, logger }, context.store);
  const catalog = new Catalog(jobs, await compilePatterns(jobs));
  const tools = [runJobTool(catalog, runs), getJobTool(runs), cancelJobTool(jobs, runs, audit)];
  return {
    tools: jobs.length === 0 ? [] : tools,
    resources: [],
    prompts: [],
    checks: jobs.map((job) => checkOf(job, processes)),
    sources: jobs.map((job) => sourceOf(job)),
    limits: jobs.length === 0 ? {} : { job_runs: limits.runsPerPrincipal },
    components: () => Promise.resolve([]),
    revoked: (authority) => {
      runs.revoked(authority);
    },
    finish: (limitMs) => runs.finish(limitMs),
    close: () => runs.close(),
  };
}

function sourceOf(job: JobOptions): Source {
  const { name } = job;
  return {
    ...{ name, kind: 'job', check: `job:${name}`, description: tellJob(job) },
    isAllowed: (permit) => permit.allowsJob(name),
  };
}

/** A job that cannot run is no reason not to start. */
function checkOf(job: JobOptions, processes: Processes): HealthCheck {
  return {
    name: `job:${job.name}`,
    check: async () => {
      const detail = (await obstacleOf(job)) ?? weaknessOf(processes);
      return detail === undefined ? { status: 'ok' } : { status: 'degraded', detail };
    },
  };
}

/** What this machine lacks to hold a run back. It is for the operator to know; the job runs nevertheless. */
function weaknessOf({ canLimit, canContain }: Processes): string | undefined {
  const missing = [...(canLimit ? [] : ['prlimit']), ...(canContain ? [] : ['setpriv'])];
  if (missing.length === 0) return undefined;
  return `runs are not held back as documented: ${missing.join(' and ')} (util-linux) cannot be used here`;
}
