import { type Account, allowedScopes, openAccounts } from '../auth/index.ts';
import { type Config, loadConfig } from '../config/index.ts';
import { isDiscovery } from '../core/discovery.ts';
import type { Actor } from '../core/principal.ts';
import type { Scope } from '../core/scopes.ts';
import type { Tool } from '../core/tool.ts';
import { createPolicy, type Step } from '../policy/index.ts';
import { openStore } from '../store/index.ts';
import type { Tools } from '../tools/index.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import { listOffer } from './list-offer.ts';
import { stderrLogger } from './stderr-logger.ts';
import type { Surroundings } from './surroundings.ts';

interface Question {
  /** Id or e-mail address. */
  readonly subject: string;
  readonly clientId: string;
  readonly tool: string;
  /** Groups that the subject is taken to be in, beside those of the account. */
  readonly groups: readonly string[];
}

/** `fairlead policy explain`: answers 0 where the call is allowed, and 1 where it is not. */
export async function explainPolicy(
  surroundings: Surroundings,
  question: Question,
  { json = false }: { readonly json?: boolean },
): Promise<ExitStatus> {
  const config = await loadConfig(surroundings);
  const steps = await explain(config, question, surroundings);
  const allowed = steps.every(({ verdict }) => verdict !== 'stop');
  const { stdout } = surroundings;
  if (json) {
    const { subject, clientId: client, tool } = question;
    stdout.write(`${JSON.stringify({ allowed, subject, client, tool, steps }, undefined, 2)}\n`);
  } else stdout.write(`${table(steps)}\n${allowed ? 'Allowed.' : 'Denied.'}\n`);
  return allowed ? EXIT.ok : EXIT.failure;
}

async function explain(config: Config, question: Question, surroundings: Surroundings): Promise<Step[]> {
  const offer = await listOffer(config, surroundings);
  const tool = offer.tools.find(({ name }) => name === question.tool);
  if (isDiscovery(question.tool) && hasLongTail(config, offer)) {
    return explainWay(config, question, { offer, surroundings });
  }
  if (tool === undefined) {
    const names = offer.tools.map(({ name }) => name).join(', ');
    return [step('stop', 'tool', `there is no ${question.tool}; there are ${names}`)];
  }
  const first = [describeTool(tool), ...readOnlyMode(config, tool)];
  if (config.auth.mode === 'none') return [...first, ...NO_SIGN_IN];
  const { actor, steps } = await identify(config, question, { needed: tool.scopes, surroundings });
  const policy = createPolicy(config.policy, offer);
  return [...first, ...steps, ...clientBounds(config, question, tool), ...policy.explain(actor, tool)];
}

const NO_SIGN_IN = [
  step(
    'ok',
    'sign-in',
    'auth.mode is none: whoever is on this machine may call what is offered, and no rule is asked',
  ),
];

function hasLongTail({ mcp }: Config, { tools, own }: Tools): boolean {
  return own.length > 0 && tools.length > mcp.maxListedTools;
}

/** Of `search_tools` and `call_tool`: they are open to whom anything is, and rules are asked of what they lead to. */
async function explainWay(
  config: Config,
  question: Question,
  { offer, surroundings }: { readonly offer: Tools; readonly surroundings: Surroundings },
): Promise<Step[]> {
  const text = `${question.tool} leads to other tools: what counts is whether the one that is called may be`;
  const first = step('ok', 'tool', text);
  if (config.auth.mode === 'none') return [first, ...NO_SIGN_IN];
  const { actor, steps } = await identify(config, question, { needed: [], surroundings });
  const policy = createPolicy(config.policy, offer);
  const isOpen = (tool: Tool): boolean =>
    [...readOnlyMode(config, tool), ...policy.explain(actor, tool)].every(
      ({ verdict }) => verdict !== 'stop',
    );
  const open = offer.tools.filter(isOpen).length;
  const most = config.mcp.maxListedTools;
  const list =
    open > most
      ? `lists it where the token has the scopes for more than ${most} tools (mcp.maxListedTools)`
      : `does not list it: it takes more than ${most} tools (mcp.maxListedTools)`;
  return [
    first,
    ...steps,
    step(open > 0 ? 'ok' : 'stop', 'rules', `leave ${open} of ${offer.tools.length} tools to this caller`),
    step('skip', 'tools/list', list),
  ];
}

const EFFECTS = { read: 'reads', write: 'writes', destroy: 'may destroy' } as const;

function describeTool({ name, effect, scopes }: Tool): Step {
  const needs = scopes.length === 0 ? 'needs no scope' : `needs the scope ${scopes.join(' ')}`;
  return step('ok', 'tool', `${name} ${EFFECTS[effect]} and ${needs}`);
}

function readOnlyMode({ tools }: Config, { effect }: Tool): Step[] {
  if (!tools.readOnly) return [];
  return effect === 'read'
    ? [step('ok', 'read-only mode', 'leaves out what does more than read')]
    : [step('stop', 'read-only mode', 'leaves out what does more than read, and so this tool')];
}

interface Identified {
  readonly actor: Actor;
  readonly steps: readonly Step[];
}

async function identify(
  config: Config,
  question: Question,
  { needed, surroundings }: { readonly needed: readonly Scope[]; readonly surroundings: Surroundings },
): Promise<Identified> {
  const { subject, clientId, groups } = question;
  const email = subject.includes('@') ? subject : undefined;
  const actor = { subject, clientId, groups, email };
  const inGroups = describeGroups(groups);
  if (config.auth.mode === 'external') {
    return { actor, steps: [step('skip', 'account', 'the identity provider has it'), inGroups] };
  }
  if (subject === clientId) {
    return { actor, steps: [step('skip', 'account', 'none: the application acts for itself'), inGroups] };
  }
  if (config.store.url === 'memory') {
    return { actor, steps: [step('skip', 'account', 'the running server has it in its memory'), inGroups] };
  }
  const account = await findAccount(config, subject, surroundings);
  if (account === undefined) {
    return { actor, steps: [step('stop', 'account', `there is none for ${subject}`), inGroups] };
  }
  const all = [...new Set([...account.groups, ...groups])];
  return {
    actor: { subject: account.id, clientId, groups: all, email: account.email },
    steps: [...describeAccount(config, account, needed), describeGroups(all)],
  };
}

async function findAccount(
  { store: options, dataDir }: Config,
  subject: string,
  { stderr }: Surroundings,
): Promise<Account | undefined> {
  const store = await openStore(options, { dataDir, logger: stderrLogger(stderr) });
  try {
    const accounts = openAccounts({ store });
    return (await accounts.findByEmail(subject)) ?? (await accounts.find(subject));
  } finally {
    await store.close();
  }
}

function describeAccount({ auth }: Config, account: Account, needed: readonly Scope[]): Step[] {
  const { email, id, role, disabledAt } = account;
  const steps = [step('ok', 'account', `${email} (${id}), ${role}`)];
  if (disabledAt !== undefined) steps.push(step('stop', 'account', `disabled since ${disabledAt}`));
  const allowed = allowedScopes(account, auth);
  const most = allowed.granted.length === 0 ? 'nothing' : allowed.toString();
  steps.push(step(allowed.hasAll(needed) ? 'ok' : 'stop', 'account', `may allow applications ${most}`));
  return steps;
}

function describeGroups(groups: readonly string[]): Step {
  return step('ok', 'groups', groups.length === 0 ? 'none' : groups.join(', '));
}

function clientBounds({ auth }: Config, { clientId }: Question, tool: Tool): Step[] {
  const declared = auth.clients.find((client) => client.clientId === clientId);
  if (auth.mode === 'external' || declared === undefined) return [];
  const missing = tool.scopes.filter((scope) => !declared.scopes.includes(scope));
  const text = `${clientId} is declared and may be given ${declared.scopes.join(' ')}`;
  return [step(missing.length === 0 ? 'ok' : 'stop', 'client', text)];
}

const MARKS = { ok: 'ok', stop: 'NO', skip: '-' } as const;

function table(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(({ about }) => about.length));
  return steps
    .map(({ verdict, about, text }) => `${MARKS[verdict].padEnd(2)}  ${about.padEnd(width)}  ${text}`)
    .join('\n');
}

function step(verdict: Step['verdict'], about: string, text: string): Step {
  return { verdict, about, text };
}
