import * as z from 'zod';
import { setting } from '../../../core/setting.ts';
import { parameter } from './parameter.ts';
import { problemsOf } from './problems.ts';

const PARAM_NAME = /^[a-z][a-z0-9_]{0,39}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const DAY = 86_400;

const job = z
  .strictObject({
    name: setting(
      z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, "_" and "-"'),
      {
        description: 'How agents and the policy name it.',
        example: 'monthly-report',
      },
    ),
    title: setting(z.string().trim().min(1).max(100), {
      description: 'What it is called for people, above all where they are asked to confirm it.',
      example: 'Monthly report',
    }),
    description: setting(z.string().trim().min(1).max(1000), {
      description: 'For the agent: what it does, what it changes, what it prints, how long it takes.',
      example: 'Builds the report of a month and prints where it was put. Takes a minute.',
    }),
    command: setting(z.array(z.string().max(4096)).min(1).max(200), {
      description:
        'The program, by its absolute path or a name in the PATH of the job, and its arguments. `{param}` stands for the value of a parameter, as an argument or a part of one; `{{` is a brace. There is no shell.',
      example: ['/usr/local/bin/report', '--month={month}', '--', '{files}'],
    }),
    params: setting(
      z.record(z.string().regex(PARAM_NAME, 'must be a name in snake_case'), parameter).default({}),
      {
        description: 'What agents give, by name: its type and bounds.',
        example: {
          month: { type: 'string', description: 'As 2026-03.', pattern: '\\d{4}-\\d{2}', required: true },
        },
      },
    ),
    env: setting(z.record(z.string().regex(VARIABLE), z.string()).default({}), {
      description:
        'Environment of the job. It gets nothing of that of the server: beside these only PATH, HOME, TMPDIR and LANG, which can be set here.',
      example: { REPORT_TOKEN: '${REPORT_TOKEN}' },
      secret: true,
    }),
    envFiles: setting(z.record(z.string().regex(VARIABLE), z.string().min(1)).default({}), {
      description:
        'Variables whose values are in files, which are read at each run, without a line break at their end.',
      example: { REPORT_TOKEN: '/run/secrets/report-token' },
    }),
    cwd: setting(z.string().startsWith('/', 'must be an absolute path').optional(), {
      description:
        'The folder in which it runs. Left out: an empty one of its own, which is removed afterwards.',
      example: '/srv/reports',
    }),
    timeoutSeconds: setting(z.int().min(1).max(DAY).default(300), {
      description: 'Time after which a run is ended, in seconds.',
      example: 3600,
    }),
    graceSeconds: setting(z.number().min(0).max(60).default(5), {
      description: 'Time between the request to end (SIGTERM) and the end (SIGKILL), in seconds.',
      example: 10,
    }),
    memoryMb: setting(z.int().min(16).max(1_048_576).default(1024), {
      description: 'Memory of each of its processes, in MB (RLIMIT_DATA).',
      example: 256,
    }),
    cpuSeconds: setting(z.int().min(1).max(DAY).optional(), {
      description:
        'Processor time of each of its processes, in seconds (RLIMIT_CPU). Left out: as `timeoutSeconds`, times four.',
      example: 60,
    }),
    fileMb: setting(z.int().min(1).max(1_048_576).default(1024), {
      description: 'The largest file that it may write, in MB (RLIMIT_FSIZE).',
      example: 100,
    }),
    outputKb: setting(z.int().min(1).max(1_048_576).default(10_240), {
      description: 'Output that is kept, in kB. A run that prints more is ended.',
      example: 1024,
    }),
    concurrency: setting(z.int().min(1).max(64).default(1), {
      description: 'Runs of this job at the same time, over all processes of the deployment.',
      example: 4,
    }),
    confirm: setting(z.boolean().default(false), {
      description:
        'Whether the person at the client has to agree to each run. Clients that cannot ask cannot run it.',
      example: true,
    }),
  })
  .superRefine((declared, context) => {
    for (const { path, message } of problemsOf(declared)) {
      context.addIssue({ code: 'custom', path: [...path], message, input: declared });
    }
  });

export const jobsSetting = setting(
  z
    .array(job)
    .max(200)
    .refine((jobs) => new Set(jobs.map(({ name }) => name)).size === jobs.length, {
      error: 'have the same name',
    })
    .default([]),
  {
    description:
      'Commands that agents may run. Without any there are no tools for it. See docs/jobs.md before you write one.',
    example: [
      {
        name: 'monthly-report',
        title: 'Monthly report',
        description: 'Builds the report of a month and prints where it was put.',
        command: ['/usr/local/bin/report', '--month={month}'],
        params: {
          month: { type: 'string', description: 'As 2026-03.', pattern: '\\d{4}-\\d{2}', required: true },
        },
      },
    ],
    env: false,
  },
);

/** A job as the operator declares it. */
export type JobOptions = z.output<typeof job>;
