import { describe, expect, it, test } from 'vitest';
import { type Permit, UNRESTRICTED } from '../../../../src/core/permit.ts';
import { openJobs, runIdIn, shellJob } from '../../../fixtures/job-tools.ts';
import { principalOf } from '../../../fixtures/principal.ts';

const month = { type: 'string', description: 'As 2026-03.', pattern: '\\d{4}-\\d{2}', required: true };

const REPORT = {
  ...{ name: 'report', title: 'Report', description: 'Prints its arguments.' },
  command: [
    '/usr/bin/printf',
    '%s\\n',
    '--month={month}',
    '--top={top}',
    '{verbose}',
    '{{}}',
    '--',
    '{files}',
  ],
  params: {
    month,
    top: { type: 'integer', description: 'How many.', min: 1, max: 100 },
    verbose: { type: 'boolean', description: 'Tells more.', flag: '-v' },
    files: { type: 'list', description: 'Names.', maxItems: 3 },
  },
};

/** Numbers and ids are different each time. */
function steady(answer: string): string {
  return answer
    .replaceAll(/(?<=^run |"run_id":")[\w-]{24}/gm, 'ID')
    .replaceAll(/(after|for) [\d.]+ s/g, '$1 N s');
}

describe('run_job', () => {
  it('answers how a run ended with what it has printed', async () => {
    const jobs = await openJobs([shellJob('mixed', 'echo one; echo two >&2; printf three; exit 3')]);
    expect(steady(await jobs.call('run_job', { job: 'mixed' }))).toBe(
      [
        'run ID: mixed failed, exit code 3, after N s',
        '--- output ---',
        'one',
        'two',
        'three',
        '--- end of output ---',
        '[all 3 lines of output]',
      ].join('\n'),
    );
  });

  it('renders each value in its one form, and leaves out what has none', async () => {
    const jobs = await openJobs([REPORT]);
    const run = async (args: object) =>
      (await jobs.call('run_job', { job: 'report', args })).split('\n').slice(2, -2);
    expect(await run({ month: '2026-03' })).toEqual(['--month=2026-03', '{}', '--']);
    expect(await run({ month: '2026-03', top: '07', verbose: 'true', files: ['a', 'b c'] })).toEqual([
      '--month=2026-03',
      '--top=7',
      '-v',
      '{}',
      '--',
      'a',
      'b c',
    ]);
    expect(await run({ month: '2026-03', top: null, verbose: false, files: 'a' })).toEqual([
      '--month=2026-03',
      '{}',
      '--',
      'a',
    ]);
  });

  it('shows in a dry run what would run, and starts nothing', async () => {
    const jobs = await openJobs([REPORT]);
    const args = { month: '2026-03', files: ['a b'] };
    expect(await jobs.call('run_job', { job: 'report', args, dry_run: true })).toBe(
      [
        'report would run, without a shell: printf "%s\\\\n" --month=2026-03 "{}" -- "a b"',
        'Prints its arguments. args: month (text, matching \\d{4}-\\d{2}, required): As 2026-03. top (whole number, at least 1, at most 100): How many. verbose (true or false): Tells more. files (list of texts): Names.',
        '[dry run, nothing was started; it may take 300 s. To run it: run_job {"job":"report","args":{"month":"2026-03","files":["a b"]}}]',
      ].join('\n'),
    );
    expect(jobs.telemetry.audits).toEqual([]);
  });

  test.each<[object, string]>([
    [{}, '"month" is required'],
    [{ month: 'March' }, '"month" must match \\d{4}-\\d{2}'],
    [{ month: '2026-03-01' }, '"month" must match \\d{4}-\\d{2}'],
    [{ month: '2026-03', top: 0 }, '"top" must be at least 1'],
    [{ month: '2026-03', top: 101 }, '"top" must be at most 100'],
    [{ month: '2026-03', top: 1.5 }, '"top" must be a whole number'],
    [{ month: '2026-03', top: 'many' }, '"top" must be a whole number'],
    [{ month: '2026-03', verbose: 'yes' }, '"verbose" must be true or false'],
    [{ month: '2026-03', files: ['a', 'b', 'c', 'd'] }, '"files" must have at most 3 entries'],
    [{ month: '2026-03', files: [''] }, '"files" has an entry that must not be empty'],
    [{ month: '2026-03', mont: 'x' }, 'there is no parameter "mont" (did you mean "month"?)'],
  ])('refuses %j and tells what the job takes', async (args, problem) => {
    const jobs = await openJobs([REPORT]);
    expect(await jobs.failure('run_job', { job: 'report', args })).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `The job report does not take these args: ${problem}. args: month (text, matching \\d{4}-\\d{2}, required): As 2026-03. top (whole number, at least 1, at most 100): How many. verbose (true or false): Tells more. files (list of texts): Names.`,
      next: 'run_job {"job":"report","args":{"month":"<month>"}}',
    });
  });

  it('names the jobs with what they take when it is asked for another', async () => {
    const jobs = await openJobs([REPORT, shellJob('clean', 'true')]);
    const { code, message, next } = await jobs.failure('run_job', { job: 'raport' });
    expect([code, message, next]).toEqual([
      'INVALID_ARGUMENT',
      expect.stringMatching(
        /^There is no job "raport". There are:\nreport: Prints .* As 2026-03.*\nclean: Does clean. It takes no args.\n$/,
      ),
      'run_job {"job":"report","args":{"month":"<month>"}}',
    ]);
  });

  it('tells progress and lines while it waits', async () => {
    const jobs = await openJobs([
      shellJob(
        'steps',
        // Many lines come in one read, which ends anywhere.
        'echo ::progress 1/2 half; yes ::progress 1/2 half | head -n 20000; echo line; echo ::progress 50% more; echo ::progress oops',
      ),
    ]);
    const [lines, steps]: [unknown[], unknown[]] = [[], []];
    const answer = await jobs.call(
      'run_job',
      { job: 'steps' },
      {
        onLog: (line) => lines.push(line),
        onProgress: (...step) => steps.push(step),
      },
    );
    expect(lines).toEqual(['line', '::progress oops']);
    expect(steps.slice(-2)).toEqual([
      [1, 2, 'half'],
      [50, 100, 'more'],
    ]);
    expect(answer).toContain('--- output ---\nline\n::progress oops\n---');
  });

  it('hands on a run that is not over in time', async () => {
    const jobs = await openJobs([
      shellJob('slow', 'echo ::progress 3 begun; echo here; until [ -e go ]; do sleep 0.02; done', {
        graceSeconds: 0.1,
      }),
    ]);
    const id = runIdIn(await jobs.call('run_job', { job: 'slow', wait_s: 0.05 }));
    await expect
      .poll(async () => steady(await jobs.call('get_job', { run_id: id })))
      .toBe(
        [
          'run ID: slow is running, for N s',
          'progress: 3, begun',
          '--- output ---',
          'here',
          '--- end of output ---',
          '[all 1 line of output; go on with get_job {"run_id":"ID"}]',
        ].join('\n'),
      );
    expect(await jobs.call('cancel_job', { run_id: id })).toContain('was cancelled');
    expect(await jobs.call('cancel_job', { run_id: id })).toContain('was cancelled');
    expect(jobs.telemetry.audits.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'job.started success',
      'job.cancelled success',
      'job.ended failure',
    ]);
  });

  it('tells the operator what ran, and never with which values', async () => {
    const jobs = await openJobs([REPORT]);
    const id = runIdIn(
      await jobs.call('run_job', { job: 'report', args: { month: '2026-03', files: ['hidden'] } }),
    );
    const caller = { subject: 'alice', clientId: 'test-client' };
    expect(jobs.telemetry.audits).toEqual([
      { action: 'job.started', outcome: 'success', ...caller, details: { job: 'report', run: id } },
      {
        ...{ action: 'job.ended', outcome: 'success', ...caller },
        details: {
          job: 'report',
          run: id,
          status: 'succeeded',
          seconds: expect.any(Number) as number,
          exitCode: 0,
        },
      },
    ]);
    expect(JSON.stringify([jobs.telemetry.audits, jobs.telemetry.lines])).not.toMatch(/hidden|2026-03/);
  });
});

describe('confirmation', () => {
  const job = { ...REPORT, confirm: true };
  const call = { job: 'report', args: { month: '2026-03', files: ['a\u202eb'] } };

  it('shows the person what is to run, with everything in it visible', async () => {
    const jobs = await openJobs([job]);
    const asked: string[] = [];
    await jobs.call('run_job', call, {
      elicit: (message) => {
        asked.push(message);
        return { action: 'accept', content: { run: true } };
      },
    });
    expect(asked).toEqual([
      'Run "Report"? Prints its arguments.\n\nCommand: printf "%s\\\\n" --month=2026-03 "{}" -- "a\\u{202e}b"',
    ]);
    expect(jobs.telemetry.audits).toHaveLength(2);
  });

  test.each([
    { action: 'decline' as const },
    { action: 'cancel' as const },
    { action: 'accept' as const, content: { run: false } },
  ])('that is not given starts nothing: %j', async (answer) => {
    const jobs = await openJobs([job]);
    expect(await jobs.failure('run_job', call, { elicit: () => answer })).toMatchObject({
      code: 'CANCELLED',
    });
    expect(jobs.telemetry.audits).toEqual([]);
  });

  it('that cannot be asked for starts nothing', async () => {
    const jobs = await openJobs([job]);
    expect((await jobs.failure('run_job', call)).code).toBe('CLIENT_CANNOT_ANSWER');
    expect(jobs.telemetry.audits).toEqual([]);
  });
});

describe('places', () => {
  const waiting = (name: string, changes: object = {}) =>
    shellJob(name, 'while :; do sleep 0.05; done', { graceSeconds: 0.1, ...changes });

  it('of a job, of a person and of the process are bounded, and free again at the end', async () => {
    const jobs = await openJobs([waiting('one'), waiting('many', { concurrency: 8 })], {
      options: { maxRuns: 3, runsPerPrincipal: 2 },
    });
    const bob = { principal: principalOf({ subject: 'bob' }) };
    const id = await jobs.start('one');
    expect(await jobs.failure('run_job', { job: 'one' })).toMatchObject({
      code: 'BUSY',
      message: 'The job one runs as often as it may at the same time.',
      retryAfter: 5,
    });
    const other = await jobs.start('many');
    expect(await jobs.failure('run_job', { job: 'many' })).toMatchObject({
      message: '2 runs of yours are under way, which is the limit.',
      next: `wait for one of them, or end it with cancel_job; get_job {"run_id":"${id}"}; get_job {"run_id":"${other}"}`,
    });
    await jobs.start('many', {}, bob);
    expect((await jobs.failure('run_job', { job: 'many' }, bob)).message).toContain(
      'As many jobs are running',
    );
    await jobs.call('cancel_job', { run_id: id });
    await jobs.start('one');
  });

  it('are given to nobody any more when the process is ending', async () => {
    const jobs = await openJobs([waiting('one')]);
    await jobs.feature.finish?.(1);
    expect((await jobs.failure('run_job', { job: 'one' })).code).toBe('DRAINING');
  });
});

describe('what the policy does not allow', () => {
  const permit: Permit = { ...UNRESTRICTED, id: 'narrow', allowsJob: (name) => name === 'open' };
  const narrow = { principal: principalOf({ permit }) };

  it('does not exist', async () => {
    const jobs = await openJobs([shellJob('closed', 'true'), shellJob('open', 'true')]);
    const id = await jobs.start('closed');
    const { message } = await jobs.failure('run_job', { job: 'closed' }, narrow);
    expect(message).toBe('There is no job "closed". There are:\nopen: Does open. It takes no args.\n');
    const unknown = await jobs.failure('get_job', { run_id: 'A'.repeat(24) }, narrow);
    for (const tool of ['get_job', 'cancel_job']) {
      expect((await jobs.failure(tool, { run_id: id }, narrow)).message.replace(id, 'A'.repeat(24))).toBe(
        unknown.message,
      );
    }
    expect(jobs.feature.sources.map((source) => source.isAllowed(permit))).toEqual([false, true]);
  });
});
