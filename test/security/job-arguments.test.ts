/**
 * What an agent gives to a job reaches the program as exactly one argument, unchanged, or does not reach it at
 * all: no value becomes a command, an option, a second argument or another parameter.
 */
import { describe, expect, it } from 'vitest';
import { openJobs } from '../fixtures/job-tools.ts';

const text = { type: 'string', description: 'Any text.' };

/** Values that one run takes: each in every place where it may be anything. */
const AT_ONCE = 8;
const names = Array.from({ length: AT_ONCE }, (_, index) => `v${index}`);

const JOBS = [
  {
    ...{ name: 'echo', title: 'Echo', description: 'Prints its arguments, one a line.' },
    command: [
      ...['/usr/bin/printf', '%s\\n'],
      ...names.flatMap((name) => [`[{${name}}]`, `--name={${name}}`, `-n{${name}}`]),
      ...['--', ...names.map((name) => `{${name}}`), 'last'],
    ],
    params: Object.fromEntries(names.map((name) => [name, text])),
  },
  {
    ...{ name: 'first', title: 'First', description: 'Takes a value where options are.' },
    command: ['/usr/bin/printf', '%s\\n', '{v}'],
    params: { v: text },
  },
  {
    ...{ name: 'joined', title: 'Joined', description: 'Takes two values in one argument.' },
    command: ['/usr/bin/printf', '%s\\n', '{w}{v}'],
    params: { v: text, w: { ...text, minLength: 0 } },
  },
  {
    ...{ name: 'many', title: 'Many', description: 'Takes a list.' },
    command: ['/usr/bin/printf', '%s\\n', '{list}'],
    params: { list: { type: 'list', description: 'Texts.' } },
  },
  {
    ...{ name: 'number', title: 'Number', description: 'Takes a number.' },
    command: ['/usr/bin/printf', '%s\\n', '{n}'],
    params: { n: { type: 'integer', description: 'A number.' } },
  },
  {
    ...{ name: 'lines', title: 'Lines', description: 'Takes several lines.' },
    command: ['/usr/bin/printf', '%s\\n', '{v}'],
    params: { v: { ...text, multiline: true } },
  },
];

const HARMLESS_AS_ARGUMENT = [
  '; id',
  '&& id',
  '|| id',
  '| cat /etc/passwd',
  '& id &',
  '$(id)',
  '`id`',
  '${HOME}',
  '$HOME',
  '$IFS',
  '> /tmp/x',
  '< /etc/passwd',
  '>(id)',
  '\\n',
  '\\',
  '\\x2d\\x2dhelp',
  "'; id; '",
  '"; id; "',
  "$'\\n'id",
  '*',
  '/etc/*',
  '?',
  '[a-z]',
  '~root',
  '{a,b}',
  '{v}',
  '{{v}}',
  '!!',
  '#x',
  '%s%n',
  '%0a',
  '%2d%2dhelp',
  '@/etc/passwd',
  'file:///etc/passwd',
  '../../etc/passwd',
  'LD_PRELOAD=/tmp/x.so',
  'a b  c',
  ' --help',
  '\u2013\u2013help',
  '\u2014output=x',
  '\u2212x',
  '\u2010x',
  '\uff0d\uff0dhelp',
  'a\u202eb',
  'a\u200bb',
  'e\u0301',
  '\u{1f642}',
  'null',
  '0x10',
  'x'.repeat(1000),
];

const OPTIONS = [
  '-',
  '--',
  '-x',
  '-rf',
  '-1',
  '-oProxyCommand=id',
  '--output=/etc/x',
  '--help',
  '--upload-pack=id',
  '-',
  '-\u2013x',
  '--exec\u200b=id',
];

const REFUSED = [
  '',
  'a\0b',
  'a\nb',
  'a\r\n--help',
  'a\tb',
  '\u001b[2J',
  'a\u007f',
  'a\u0085b',
  'a\u2028b',
  '\ud800',
  'x'.repeat(1001),
  ['a', 'b'],
  { toString: 'a' },
];

const bench = () => openJobs(JOBS);

/** The lines that the job has printed. */
function printed(answer: string): string[] {
  const [, output = ''] = /--- output ---\n([^]*)\n--- end of output ---/.exec(answer) ?? [];
  return output.split('\n');
}

describe('a value that means something to a shell or a program', () => {
  it('arrives as exactly one argument, unchanged, wherever it stands', async () => {
    const jobs = await bench();
    const all = [...HARMLESS_AS_ARGUMENT, ...OPTIONS];
    expect(all.length).toBeGreaterThanOrEqual(40);
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const values = all.slice(at, at + AT_ONCE);
      const args = Object.fromEntries(values.map((value, index) => [`v${index}`, value]));
      expect(printed(await jobs.call('run_job', { job: 'echo', args }))).toEqual([
        ...values.flatMap((value) => [`[${value}]`, `--name=${value}`, `-n${value}`]),
        ...['--', ...values, 'last'],
      ]);
    }
  });

  it('arrives unchanged where the program looks for options, if it does not begin with a dash', async () => {
    const jobs = await bench();
    const answer = await jobs.call('run_job', {
      job: 'many',
      args: { list: HARMLESS_AS_ARGUMENT.slice(0, 20) },
    });
    expect(printed(answer)).toEqual(HARMLESS_AS_ARGUMENT.slice(0, 20));
  });
});

describe('a value that a program would take for an option', () => {
  it.each(OPTIONS)('is refused: %j', async (v) => {
    const jobs = await bench();
    for (const [job, args] of [
      ['first', { v }],
      ['joined', { v, w: '' }],
      ['many', { list: ['a', v] }],
    ] as const) {
      const { code, message } = await jobs.failure('run_job', { job, args });
      expect([code, message], job).toEqual([
        'INVALID_ARGUMENT',
        expect.stringContaining('must not begin with a dash'),
      ]);
    }
    expect(jobs.telemetry.audits).toEqual([]);
  });

  it('is refused as a negative number', async () => {
    const jobs = await bench();
    expect((await jobs.failure('run_job', { job: 'number', args: { n: -5 } })).message).toContain('dash');
  });
});

describe('a value that is no plain text', () => {
  it.each(REFUSED)('is refused: %j', async (v) => {
    const jobs = await bench();
    const { code } = await jobs.failure('run_job', { job: 'echo', args: { v0: v } });
    expect(code).toBe('INVALID_ARGUMENT');
    expect(jobs.telemetry.audits).toEqual([]);
  });

  it.each(['a\0b', '\u001b[2J', 'a\u2028b'])('is refused where lines are welcome: %j', async (v) => {
    const jobs = await bench();
    expect((await jobs.failure('run_job', { job: 'lines', args: { v } })).code).toBe('INVALID_ARGUMENT');
    expect(printed(await jobs.call('run_job', { job: 'lines', args: { v: 'a\n\tb' } }))).toEqual([
      'a',
      '\tb',
    ]);
  });
});

describe('a parameter that is not declared', () => {
  it.each(['toString', 'constructor', 'env', 'cwd', 'command', 'PATH', '0', 'V'])(
    'is refused: %s',
    async (name) => {
      const jobs = await bench();
      const args: unknown = JSON.parse(`{"v0":"a",${JSON.stringify(name)}:"b"}`);
      expect(await jobs.failure('run_job', { job: 'echo', args })).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('there is no parameter') as string,
      });
    },
  );
});

it('a job is no way to another program, whatever its name', async () => {
  const jobs = await bench();
  for (const job of ['/bin/sh', 'sh', '../echo', 'echo; id', '__proto__', 'constructor']) {
    expect((await jobs.failure('run_job', { job, args: { v0: 'a' } })).code).toBe('INVALID_ARGUMENT');
  }
});
