import { describe, expect, it, test } from 'vitest';
import { jobsOptions } from '../../../../src/tools/jobs/options.ts';
import { openJobs } from '../../../fixtures/job-tools.ts';

const text = { type: 'string', description: 'Any text.' };

function problemsOf(changes: Record<string, unknown>): string[] {
  const job = { name: 'one', title: 'One', description: 'Does one thing.', command: ['true'], ...changes };
  const parsed = jobsOptions.safeParse({ jobs: [job] });
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.slice(2).join('.')} ${message}`);
}

const params = (parameter: object) => ({
  command: ['true', '{x}'],
  params: { x: { ...text, ...parameter } },
});

describe('a declaration is refused at the start', () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      'names a parameter that is not declared',
      { command: ['true', '{x}'] },
      'command.1 names the parameter "x", which is not declared',
    ],
    ['does not use a parameter', { params: { x: text } }, 'params.x is not used in the command'],
    [
      'lets the caller choose the program',
      { command: ['{x}'], params: { x: text } },
      'command.0 must not hold a parameter: what runs is not for the caller to choose',
    ],
    [
      'names its program by a relative path',
      { command: ['bin/true'] },
      'command.0 must be an absolute path, or a name without a slash',
    ],
    [
      'has a lonely brace',
      { command: ['true', '{"a":1}'] },
      'command.1 holds a brace that belongs to no parameter: write {{ or }} for a brace',
    ],
    [
      'lets a value choose a short option',
      { command: ['true', '-{x}'], params: { x: text } },
      'command.1 must be "--option={param}" or "-o{param}": here the value could choose the option',
    ],
    [
      'lets a value choose a long option',
      { command: ['true', '--{x}'], params: { x: text } },
      'command.1 must be "--option={param}" or "-o{param}": here the value could choose the option',
    ],
    [
      'lets a value lengthen an option',
      { command: ['true', '--out{x}'], params: { x: text } },
      'command.1 must be "--option={param}" or "-o{param}": here the value could choose the option',
    ],
    [
      'puts a value into a script',
      { command: ['/bin/bash', '-ec', 'ls {x}'], params: { x: text } },
      'command.2 is read as a program, so a value could be one: hand it over as an argument of its own',
    ],
    [
      'puts a value into a program text',
      { command: ['python3', '-c', 'print("{x}")'], params: { x: text } },
      'command.2 is read as a program, so a value could be one: hand it over as an argument of its own',
    ],
    ...[
      ['bash', '-eo', 'pipefail', '-c', 'ls {x}'],
      ['/usr/bin/env', 'A=b', 'sh', '-c', 'ls {x}'],
      ['timeout', '5', 'bash', '-lc', '{x}'],
      ['python3', '-c{x}'],
      ['node', '--eval={x}'],
      ['perl', '-0ne', '{x}'],
      ['perl', '-e$a="{x}"'],
      ['python3', '-cx="{x}"'],
      ['node', '--eval=y="{x}"'],
      ['env', '-S', 'ls {x}'],
      ['env', '--split-string=ls {x}'],
      ['su', 'me', '-c', 'ls {x}'],
      ['flock', '/lock', '-c', 'ls {x}'],
      ['Rscript', '-e', '{x}'],
      ['pwsh', '-NoProfile', '-Command', '{x}'],
    ].map((command): [string, Record<string, unknown>, string] => [
      `hides a script from us: ${command.join(' ')}`,
      { command, params: { x: text } },
      `command.${command.length - 1} is read as a program, so a value could be one: hand it over as an argument of its own`,
    ]),
    [
      'puts a list into an argument',
      { command: ['true', 'a{x}'], params: { x: { ...text, type: 'list' } } },
      'command.1 holds the list "x", which must be the whole argument',
    ],
    [
      'puts a flag into an argument',
      { command: ['true', 'a{x}'], params: { x: { ...text, type: 'boolean', flag: '-v' } } },
      'command.1 holds the flag "x", which must be the whole argument',
    ],
    ['bounds a text as a number', params({ min: 1 }), 'params.x "min" does not fit the type string'],
    ['has no values for an enum', params({ type: 'enum' }), 'params.x needs "values"'],
    [
      'has bounds that leave nothing',
      params({ type: 'integer', min: 2, max: 1 }),
      'params.x "min" is above "max"',
    ],
    [
      'has a default that does not fit',
      params({ maxLength: 2, default: 'bbb' }),
      'params.x "default" must have at most 2 characters',
    ],
    [
      'has a default for what is required',
      params({ required: true, default: 'b' }),
      'params.x is required, so it has no use for a default',
    ],
  ])('that %s', (_what, changes, problem) => {
    expect(problemsOf(changes)).toEqual([problem]);
  });

  it('with all that is wrong with it at once', () => {
    expect(
      problemsOf({ command: ['a/b', '{y}', '{'], params: { x: params({ min: 1 }).params.x } }),
    ).toHaveLength(5);
  });

  it('that has the name of another', () => {
    const job = { name: 'one', title: 'One', description: 'Does one thing.', command: ['true'] };
    expect(() => jobsOptions.parse({ jobs: [job, job] })).toThrow('have the same name');
  });
});

describe('a declaration is taken', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'that hands values to a script as its arguments',
      { command: ['sh', '-c', 'echo "$1"', 'sh', '{x}'], params: { x: text } },
    ],
    [
      'that hands an option to a script',
      { command: ['timeout', '5', 'python3', '-c', 'print(1)', '-c', '{x}'], params: { x: text } },
    ],
    [
      'that hands values to a program text that is attached to its option',
      { command: ['perl', '-e$x=1', '--', '{x}'], params: { x: text } },
    ],
    ['that writes braces twice', { command: ['true', '{{"a":"{x}"}}'], params: { x: text } }],
    ['that uses a parameter twice', { command: ['true', '--a={x}', '-b{x}'], params: { x: text } }],
    ['that has a default', params({ default: 'a' })],
  ])('%s', (_what, changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });
});

it('what a job needs and this machine lacks degrades its check, without telling a path', async () => {
  const job = (name: string, changes: object) => ({
    name,
    title: name,
    description: 'Does it.',
    command: ['true'],
    ...changes,
  });
  const { feature } = await openJobs([
    job('fine', {}),
    job('no-program', { command: ['/opt/nowhere/backup.sh'] }),
    job('no-path', { env: { PATH: '/nowhere' } }),
    job('no-folder', { cwd: '/nowhere' }),
    job('no-secret', { envFiles: { TOKEN: '/nowhere/token' } }),
  ]);
  const reports = await Promise.all(
    feature.checks.map(async (one) => [one.name, (await one.check()).detail ?? 'ok']),
  );
  expect(Object.fromEntries(reports)).toEqual({
    'job:fine': 'ok',
    'job:no-program': 'its program backup.sh is missing or cannot be executed',
    'job:no-path': 'its program true is missing or cannot be executed',
    'job:no-folder': 'its folder (cwd) is missing',
    'job:no-secret': 'the file for TOKEN (envFiles) cannot be read',
  });
});

it('a machine that cannot hold runs back degrades the check of each job', async () => {
  const job = { name: 'one', title: 'One', description: 'Does one thing.', command: ['true'] };
  const { feature } = await openJobs([job], { isBare: true });
  expect(await feature.checks[0]?.check()).toEqual({
    status: 'degraded',
    detail: 'runs are not held back as documented: prlimit and setpriv (util-linux) cannot be used here',
  });
});

it('without a job there are no tools', async () => {
  const { feature } = await openJobs([]);
  expect([feature.tools, feature.sources, feature.limits]).toEqual([[], [], {}]);
});

it('the sources tell each job with what it takes', async () => {
  const { feature } = await openJobs([
    {
      ...{ name: 'report', title: 'Report', description: 'Builds the report', confirm: true },
      command: ['true', '{month}', '{count}', '{kind}', '{list}', '{verbose}'],
      params: {
        month: { type: 'string', description: 'As 2026-03.', pattern: '\\d{4}-\\d{2}', required: true },
        count: { type: 'integer', description: 'How many', min: 1, max: 9, default: 3 },
        kind: { type: 'enum', description: 'Which.', values: ['draft', 'final'] },
        list: { type: 'list', description: 'Regions.' },
        verbose: { type: 'boolean', description: 'Tells more.', flag: '-v' },
      },
    },
  ]);
  expect(feature.sources).toMatchObject([
    {
      name: 'report',
      kind: 'job',
      check: 'job:report',
      description:
        'Builds the report. Asks the person for confirmation. args: month (text, matching \\d{4}-\\d{2}, required): As 2026-03. count (whole number, at least 1, at most 9, default 3): How many. kind ("draft" or "final"): Which. list (list of texts): Regions. verbose (true or false): Tells more.',
    },
  ]);
});

describe('a pattern', () => {
  const patterned = (parameter: object) => ({
    ...{ name: 'one', title: 'One', description: 'Does one thing.' },
    ...params(parameter),
  });

  test.each<[string, string, object, string]>([
    ['is no expression', 'pattern', { pattern: '(' }, 'is no expression of RE2: missing closing ): `(`'],
    [
      'looks ahead',
      'pattern',
      { pattern: '(?=a)a' },
      'is no expression of RE2: invalid or unsupported Perl syntax: `(?=`',
    ],
    [
      'refers to what it has matched',
      'pattern',
      { pattern: String.raw`(a)\1` },
      'is no expression of RE2: invalid escape sequence: `\\1`',
    ],
    ['does not fit its own default', 'default', { pattern: 'a+', default: 'b' }, 'must match a+'],
  ])('that %s is refused at the start', async (_what, place, parameter, what) => {
    const where = `tools.jobs.jobs.one.params.x.${place}`;
    await expect(openJobs([patterned(parameter)])).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      problems: [{ where, what }],
    });
  });

  it('has to fit the whole text', async () => {
    const jobs = await openJobs([
      { ...patterned({ pattern: 'a|ab', maxLength: 9 }), command: ['echo', '{x}'] },
    ]);
    const dryRun = (x: string) => jobs.call('run_job', { job: 'one', args: { x }, dry_run: true });
    expect(await dryRun('ab')).toContain('echo ab');
    for (const x of ['abc', 'xa', 'a\u2028']) await expect(dryRun(x)).rejects.toThrow('"x" must');
  });

  it('takes no longer for a text that was made to keep it busy', async () => {
    const jobs = await openJobs([patterned({ pattern: '((a+)+)+', maxLength: 32_768 })]);
    const args = { x: `${'a'.repeat(32_000)}!` };
    expect((await jobs.failure('run_job', { job: 'one', args })).message).toContain('"x" must match');
  });

  it('is not even held against a list of more than a command could take', async () => {
    const list = { type: 'list', pattern: 'a+', maxLength: 32_768, maxItems: 5 };
    const jobs = await openJobs([patterned(list)]);
    const args = { x: Array.from({ length: 5 }, () => 'b'.repeat(30_000)) };
    expect((await jobs.failure('run_job', { job: 'one', args })).message).toContain(
      '"x" must have at most 131072 characters in all',
    );
  });
});
