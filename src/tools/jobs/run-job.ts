import * as z from 'zod';
import { text } from '../../core/content.ts';
import { AppError } from '../../core/errors.ts';
import { callText } from '../../core/phrases.ts';
import { defineTool, type Tool, type ToolCall, type ToolResult } from '../../core/tool.ts';
import { type Catalog, type Job, tellJob } from './catalog.ts';
import type { RunningJob } from './running/running-job.ts';
import type { Runs } from './running/runs.ts';
import { tellRun } from './tell-run.ts';
import { commandText } from './words.ts';

const DESCRIPTION =
  'Runs a command that the operator has declared, with your args, and answers how it ended with the last lines of its output. info {"section":"sources"} lists the jobs with their args. After wait_s the answer holds a run_id and the job goes on: see get_job and cancel_job. Cancelling the call before that ends the run. dry_run shows the command and starts nothing.';

/** Within the time of a call, with some left for the answer. */
const MAX_WAIT_SECONDS = 590;
const TIMEOUT_MS = 600_000;
const SHOWN_LINES = 50;

const input = z.object({
  job: z.string().min(1).max(100).describe('Name of the job.'),
  args: z.looseObject({}).default({}).describe('Values for its parameters by name: {"month":"2026-03"}.'),
  wait_s: z.number().min(0).max(MAX_WAIT_SECONDS).default(20).describe('Seconds to wait for its end.'),
  dry_run: z.boolean().default(false).describe('Only check and show the command.'),
});

const consent = z.object({
  run: z.boolean().meta({ title: 'Run it', description: 'Whether the job is to be run now.' }),
});

export function runJobTool(catalog: Catalog, runs: Runs): Tool {
  return defineTool({
    name: 'run_job',
    title: 'Run job',
    description: DESCRIPTION,
    scopes: ['jobs:run'],
    effect: 'destroy',
    input,
    aliases: {
      name: 'job',
      job_name: 'job',
      arguments: 'args',
      params: 'args',
      parameters: 'args',
      wait: 'wait_s',
    },
    timeoutMs: TIMEOUT_MS,
    task: 'optional',
    async run(call, { job: name, args, wait_s: seconds, dry_run: isDry }) {
      const job = catalog.require(call.principal.permit, name);
      const argv = job.command.argv(args);
      if (isDry) return rehearsal(job, argv, args);
      if (job.options.confirm) await requireConsent(call, job, argv);
      call.signal.throwIfAborted();
      const run = await runs.start(call.principal, job.options, argv);
      await followed(call, run, seconds * 1000);
      return tellRun(run.record, SHOWN_LINES, call.budget);
    },
  });
}

/** Program names stand for their paths: those are nobody's business. */
function shownCommand([program = '', ...args]: readonly string[]): string {
  return commandText([program.slice(program.lastIndexOf('/') + 1), ...args]);
}

function rehearsal({ options }: Job, argv: readonly string[], args: object): ToolResult {
  const { name, timeoutSeconds } = options;
  const lines = [
    `${name} would run, without a shell: ${shownCommand(argv)}`,
    tellJob(options),
    `[dry run, nothing was started; it may take ${timeoutSeconds} s. To run it: ${callText('run_job', { job: name, args })}]`,
  ];
  return { content: [text(lines.join('\n'))] };
}

async function requireConsent(call: ToolCall, { options }: Job, argv: readonly string[]): Promise<void> {
  const answer = await call.elicit('run-job', {
    message: `Run "${options.title}"? ${options.description}\n\nCommand: ${shownCommand(argv)}`,
    fields: consent,
  });
  if (answer.action === 'accept' && answer.content.run) return;
  throw new AppError('CANCELLED', `The person did not agree to run ${options.name}; nothing was started.`, {
    next: 'ask them what they want instead',
  });
}

/**
 * Resolves when the run has ended or the time is over. A call that is cancelled takes the run with it: nobody
 * was told how to ask for it.
 */
async function followed(call: ToolCall, run: RunningJob, limitMs: number): Promise<void> {
  const stopListening = run.listen({
    line: (line) => {
      call.log('info', line);
    },
    progress: ({ done, total, message }) => {
      call.progress(done, total, message);
    },
  });
  let timer: NodeJS.Timeout | undefined;
  let abort = (): void => undefined;
  const { signal } = call;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(resolve, limitMs);
      abort = () => {
        clearTimeout(timer);
        run.end('cancelled');
        // The place of the call is free only when nothing of the run is left.
        void run.ended.then(() => {
          reject(signal.reason as Error);
        });
      };
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      void run.ended.then(() => {
        if (!signal.aborted) resolve();
      });
    });
  } finally {
    stopListening();
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
