import type { Permit } from '../core/permit.ts';
import type { Actor } from '../core/principal.ts';
import { type Scope, ScopeSet } from '../core/scopes.ts';
import type { Effect } from '../core/tool.ts';
import { fits, type Rule } from './rule.ts';

/** A step of an explanation. `stop` is why the answer is no; `skip` is what was looked at and did not count. */
export interface Step {
  readonly verdict: 'ok' | 'stop' | 'skip';
  readonly about: string;
  readonly text: string;
}

export interface ExplainedTool {
  readonly name: string;
  readonly effect: Effect;
  readonly scopes: readonly Scope[];
}

/** What the policy makes of a call, rule by rule. */
export function explain(rules: readonly Rule[], permit: Permit, actor: Actor, tool: ExplainedTool): Step[] {
  const rule = rules.find(({ name }) => name === permit.rule);
  const last = rule === undefined ? rules.length : rules.indexOf(rule) + 1;
  const asked = rules.slice(0, last).map((one) => explainRule(one, actor));
  if (rules.length === 0) asked.push(step('ok', 'rules', 'there are none: scopes alone decide'));
  if (permit.isEmpty) {
    return [...asked, step('stop', 'rules', 'none fits, and whom none fits may use nothing')];
  }
  return [...asked, ...explainPermit(rule, permit, tool)];
}

function explainRule(rule: Rule, actor: Actor): Step {
  const about = `rule ${JSON.stringify(rule.name)}`;
  const failing = rule.conditions.filter((condition) => !condition.holds(actor));
  if (fits(rule, actor)) {
    const reasons = rule.conditions.map(({ about: kind, values }) => `${kind} ${values.join(', ')}`);
    const why = reasons.length === 0 ? 'it has no conditions' : reasons.join('; ');
    return step('ok', about, `fits and decides: ${why}`);
  }
  const reasons = failing.map(({ about: kind, values }) => `${kind} are ${values.join(', ')}`);
  return step('skip', about, `does not fit: its ${reasons.join('; its ')}`);
}

function explainPermit(rule: Rule | undefined, permit: Permit, tool: ExplainedTool): Step[] {
  const steps = [explainTools(rule, permit, tool)];
  if (tool.effect === 'destroy') steps.push(explainDestroying(rule));
  steps.push(explainScopes(permit, tool), ...explainLimits(permit));
  return steps;
}

function explainTools(rule: Rule | undefined, permit: Permit, { name }: ExplainedTool): Step {
  if (rule?.tools === undefined) return step('ok', 'tools', 'every tool that the scopes allow');
  // What a tool does to its data is judged by itself.
  const isNamed = permit.allowsTool({ name, effect: 'read' });
  const list = rule.tools.length === 0 ? 'none' : rule.tools.join(', ');
  return step(isNamed ? 'ok' : 'stop', 'tools', `the rule allows ${list}`);
}

function explainDestroying(rule: Rule | undefined): Step {
  if (rule?.namesClients === true) {
    return step('ok', 'effect', 'it may destroy what was there, and the rule names the application');
  }
  const why = rule === undefined ? 'no rule does' : 'this rule does not';
  return step(
    'stop',
    'effect',
    `it may destroy what was there, which takes a rule that names the application under "clients": ${why}`,
  );
}

function explainScopes({ scopes }: Permit, tool: ExplainedTool): Step {
  if (scopes === undefined) return step('ok', 'scopes', 'every scope of the token counts');
  const missing = tool.scopes.filter((scope) => !scopes.has(scope));
  const counted = scopes.granted.length === 0 ? 'no scope counts' : `only ${scopes.toString()} counts`;
  return missing.length === 0
    ? step('ok', 'scopes', counted)
    : step('stop', 'scopes', `${counted}, and the tool needs ${ScopeSet.of(missing).toString()}`);
}

const LIMITS = {
  callsPerMinute: 'calls a minute',
  concurrentCalls: 'calls at the same time',
  outputTokens: 'tokens a result',
} as const;

function explainLimits({ limits }: Permit): Step[] {
  const known = Object.entries(LIMITS).flatMap(([key, words]) => {
    const value = limits[key as keyof typeof LIMITS];
    return value === undefined ? [] : [`${value} ${words}`];
  });
  return known.length === 0 ? [] : [step('ok', 'limits', known.join(', '))];
}

function step(verdict: Step['verdict'], about: string, text: string): Step {
  return { verdict, about, text };
}
