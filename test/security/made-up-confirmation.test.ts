/**
 * What a person has to confirm does not run because a client says, unasked, that they have: a confirmation
 * counts for exactly the question that the server has asked, for exactly these arguments, and once. Nor does an
 * answer of an earlier round change in a later one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { createJobTools } from '../../src/tools/jobs/index.ts';
import { jobsOptions } from '../../src/tools/jobs/options.ts';
import { shellJob } from '../fixtures/job-tools.ts';
import { answerOf, type McpEndpoint, modernMeta, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { TASK_CLIENT } from '../fixtures/task-endpoints.ts';
import { openTestSealer } from '../fixtures/test-sealer.ts';
import { openToolsContext } from '../fixtures/tools-context.ts';
import { cites } from '../requirements.ts';

const JOB = {
  ...shellJob('deploy', 'echo deployed $1'),
  command: ['sh', '-c', 'echo deployed $1', 'sh', '{where}'],
  params: { where: { type: 'string', description: 'Where to.', required: true } },
  concurrency: 8,
  confirm: true,
};
const YES = { 'run-job': { action: 'accept', content: { run: true } } };

let endpoints: readonly McpEndpoint[] = [];
let close = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  const context = await openToolsContext();
  const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
  const sealer = await openTestSealer();
  const scratch = { keep: () => Promise.reject(new Error('nothing is kept')) };
  const files = {} as Parameters<typeof createJobTools>[1]['files'];
  const feature = await createJobTools(jobsOptions.parse({ jobs: [JOB], runsPerPrincipal: 8 }), {
    ...{ ...context, store, scratch, files },
  });
  const { tools } = feature;
  endpoints = await Promise.all([1, 2].map(() => startMcpEndpoint({ tools, store, sealer })));
  close = async () => {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    await feature.close();
    await context.release();
    await store.close();
    await sealer.close();
  };
});
afterAll(() => close());

interface Result {
  readonly resultType: string;
  readonly requestState?: string;
  readonly taskId?: string;
  readonly status?: string;
  readonly content?: readonly { readonly text: string }[];
}

interface Attempt {
  readonly at?: number;
  readonly where?: string;
  readonly state?: string | undefined;
  readonly answers?: object;
  readonly capabilities?: object;
}

async function send(method: string, params: object, at = 0): Promise<Result> {
  const endpoint = endpoints[at];
  if (endpoint === undefined) throw new Error('Not started');
  const answer = await answerOf(await endpoint.modern(method, params));
  const { result, error } = answer as { result?: Result; error?: unknown };
  if (result === undefined) throw new Error(JSON.stringify(error));
  return result;
}

const run = ({ at, where = 'here', state, answers, capabilities = { elicitation: {} } }: Attempt) =>
  send(
    'tools/call',
    {
      name: 'run_job',
      arguments: { job: 'deploy', args: { where } },
      _meta: { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': capabilities },
      ...(answers === undefined ? {} : { inputResponses: answers }),
      ...(state === undefined ? {} : { requestState: state }),
    },
    at,
  );

const hasRun = ({ content }: Result) => content?.[0]?.text.includes('deployed') === true;

describe('a job that has to be confirmed', () => {
  it('runs for a confirmation of what was asked', async () => {
    const { requestState } = await run({});
    expect(hasRun(await run({ at: 1, state: requestState, answers: YES }))).toBe(true);
  });

  it('does not run for one that comes unasked, but asks', async () => {
    const answer = await run({ answers: YES });
    expect(answer).toMatchObject({ resultType: 'input_required', inputRequests: { 'run-job': {} } });
  });

  it('does not run as a task for one that comes unasked', async () => {
    const { taskId } = await run({ answers: YES, capabilities: TASK_CLIENT });
    const _meta = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': TASK_CLIENT };
    await expect.poll(() => send('tasks/get', { taskId, _meta })).toMatchObject({ status: 'input_required' });
    await send('tasks/cancel', { taskId, _meta });
  });

  it(
    cites(['2026-07-28/mrtr/state-single-use'], 'runs once for a confirmation, over all processes'),
    async () => {
      const { requestState } = await run({});
      const attempts = Array.from({ length: 6 }, (_, index) =>
        run({ at: index % 2, state: requestState, answers: YES }),
      );
      const answers = await Promise.all(attempts);
      expect(answers.filter(hasRun)).toHaveLength(1);
      expect(answers.filter(({ resultType }) => resultType === 'input_required')).toHaveLength(5);
    },
  );

  it('does not run elsewhere than was confirmed', async () => {
    const { requestState } = await run({});
    await expect(run({ where: 'there', state: requestState, answers: YES })).rejects.toThrow('-32602');
  });
});
