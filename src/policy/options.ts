import * as z from 'zod';
import { MAX_OUTPUT_TOKENS } from '../core/budget.ts';
import { ALL_SCOPES } from '../core/scopes.ts';
import { setting } from '../core/setting.ts';
import { shadowOf } from './reach.ts';

const names = z.array(z.string().trim().min(1).max(2048)).min(1);

const places = z.array(z.string().min(1).max(100));

const limits = z.strictObject({
  callsPerMinute: setting(z.int().min(1).max(100_000).optional(), {
    description:
      'Tool calls that one person may begin within a minute under this rule, over all processes. Reading a resource and getting a prompt count as well.',
    example: 60,
  }),
  concurrentCalls: setting(z.int().min(1).max(1000).optional(), {
    description:
      'Calls of one person that run at the same time in one process, where that is less than mcp.concurrency.perPrincipal.',
    example: 2,
  }),
  outputTokens: setting(z.int().min(2000).max(MAX_OUTPUT_TOKENS).optional(), {
    description:
      'Estimated tokens that one tool call may answer, where that is less than tools.outputTokens.',
    example: 5000,
  }),
});

const rule = z.strictObject({
  name: setting(z.string().trim().min(1).max(100), {
    description: 'What the rule is called in logs and in `fairlead policy explain`.',
    example: 'analysts',
  }),
  subjects: setting(names.optional(), {
    description: 'Whom it is for: ids of accounts, or e-mail addresses. Left out: everybody.',
    example: ['ada@example.com'],
  }),
  groups: setting(names.optional(), {
    description: 'Groups, one of which the person has to be in. Left out: whatever the groups.',
    example: ['analysts'],
  }),
  clients: setting(names.optional(), {
    description:
      'Which applications it is for: client ids, or the https addresses of metadata documents. A * stands for any characters but / ? # @ : and \\; alone it stands for every application. Left out: every application, but then nothing that destroys.',
    example: ['https://claude.ai/*', 'nightly-report'],
  }),
  scopes: setting(z.array(z.enum(ALL_SCOPES)).optional(), {
    description: 'The scopes that count, whatever the token says. Left out: all that it holds.',
    example: ['files:read'],
  }),
  tools: setting(
    z.array(z.string().regex(/^[a-z0-9_*]{1,100}$/, "must be a tool's name, or hold a *")).optional(),
    {
      description:
        'The tools that may be called. A * stands for any characters. Left out: all that the scopes allow.',
      example: ['read_*', 'search_files'],
    },
  ),
  workspaces: setting(places.optional(), {
    description: 'The workspaces that exist to whom the rule fits. Left out: all.',
    example: ['workspace'],
  }),
  sources: setting(places.optional(), {
    description:
      'The data sources that exist to whom the rule fits; `files` is the one of the files of the workspaces. Left out: all.',
    example: ['files', 'warehouse'],
  }),
  jobs: setting(places.optional(), {
    description: 'The jobs that exist to whom the rule fits. Left out: all.',
    example: ['nightly-report'],
  }),
  apis: setting(places.optional(), {
    description: 'The configured HTTP APIs that exist to whom the rule fits. Left out: all.',
    example: ['tickets'],
  }),
  limits: limits.prefault({}),
});

/** What a rule names beside tools. */
export const PLACE_KINDS = ['workspaces', 'sources', 'jobs', 'apis'] as const;
export type PlaceKind = (typeof PLACE_KINDS)[number];

export type RuleOptions = z.output<typeof rule>;

export const policyOptions = z.object({
  rules: setting(z.array(rule).max(1000).superRefine(everyRuleDecides).default([]), {
    description:
      'Rules in order: the first that fits the person, their groups and the application decides. Whom none fits may use nothing. Without any rule, scopes alone decide, and no tool that destroys may be called.',
    example: [
      { name: 'admins', groups: ['admins'], clients: ['*'] },
      { name: 'everybody', scopes: ['files:read'] },
    ],
    env: false,
  }),
});

export type PolicyOptions = z.output<typeof policyOptions>;

/** A rule that nobody reaches, or that has another one's name, is not what its author meant. */
function everyRuleDecides(rules: RuleOptions[], context: z.RefinementCtx): void {
  for (const [index, { name }] of rules.entries()) {
    const earlier = rules.slice(0, index);
    const shadow = shadowOf(rules, index);
    const message = earlier.some((other) => other.name === name)
      ? 'is the name of an earlier rule'
      : shadow === undefined
        ? undefined
        : `is never reached: whomever it fits, "${shadow}" before it decides`;
    if (message !== undefined) context.addIssue({ code: 'custom', path: [index, 'name'], message });
  }
}
