import { hash } from 'node:crypto';
import type { Permit } from '../core/permit.ts';
import type { Actor } from '../core/principal.ts';
import { ScopeSet } from '../core/scopes.ts';
import type { PlaceKind, RuleOptions } from './options.ts';
import { clientMatcher, toolMatcher } from './patterns.ts';

/** One thing that a rule asks of whom it fits. */
export interface Condition {
  readonly about: 'subjects' | 'groups' | 'clients';
  /** One of these is enough. */
  readonly values: readonly string[];
  holds(actor: Actor): boolean;
}

/** A rule that is ready to be asked. */
export interface Rule {
  readonly name: string;
  /** All have to hold. */
  readonly conditions: readonly Condition[];
  /** The names or patterns of tools; undefined for all. */
  readonly tools: readonly string[] | undefined;
  /** Whether it says for which applications it is, as it must before anything may be destroyed. */
  readonly namesClients: boolean;
  /** One object for all whom it fits. */
  readonly permit: Permit;
}

const ALL = reachOf(() => true);
const NONE = reachOf(() => false);

/** Where no rule decides: scopes do, and nothing that may be lost is touched. */
export const BY_SCOPES: Permit = Object.freeze({
  id: 'scopes',
  rule: undefined,
  isEmpty: false,
  scopes: undefined,
  limits: Object.freeze({}),
  allowsTool: ({ effect }: { readonly effect: string }) => effect !== 'destroy',
  ...ALL,
});

/** For whom no rule fits, where there are rules. */
export const NOTHING: Permit = Object.freeze({
  id: 'nothing',
  rule: undefined,
  isEmpty: true,
  scopes: ScopeSet.of([]),
  limits: Object.freeze({}),
  allowsTool: () => false,
  ...NONE,
});

export function createRule(options: RuleOptions): Rule {
  const { name, tools, clients } = options;
  return {
    name,
    conditions: conditionsOf(options),
    tools,
    namesClients: clients !== undefined,
    permit: permitOf(options),
  };
}

export function fits(rule: Rule, actor: Actor): boolean {
  return rule.conditions.every((condition) => condition.holds(actor));
}

/** The one form of an address, as accounts have it: case and compatibility forms do not make another person. */
function canonicalAddress(address: string): string {
  return address.trim().normalize('NFKC').toLowerCase();
}

export function isAddress(subject: string): boolean {
  return subject.includes('@');
}

function conditionsOf({ subjects, groups, clients }: RuleOptions): Condition[] {
  const conditions: Condition[] = [];
  if (subjects !== undefined) {
    conditions.push({ about: 'subjects', values: subjects, holds: subjectMatcher(subjects) });
  }
  if (groups !== undefined) {
    const named = new Set(groups);
    const holds = (actor: Actor): boolean => actor.groups.some((group) => named.has(group));
    conditions.push({ about: 'groups', values: groups, holds });
  }
  if (clients !== undefined) {
    const matches = clientMatcher(clients);
    conditions.push({ about: 'clients', values: clients, holds: ({ clientId }) => matches(clientId) });
  }
  return conditions;
}

function subjectMatcher(subjects: readonly string[]): (actor: Actor) => boolean {
  const ids = new Set(subjects);
  const addresses = new Set(subjects.filter(isAddress).map(canonicalAddress));
  return ({ subject, email }) =>
    ids.has(subject) || (email !== undefined && addresses.has(canonicalAddress(email)));
}

function permitOf(options: RuleOptions): Permit {
  const { name, clients, scopes, tools, limits } = options;
  const isNamed = tools === undefined ? () => true : toolMatcher(tools);
  const mayDestroy = clients !== undefined;
  return Object.freeze({
    // A rule that has another content is another one, whatever its name.
    id: hash('sha256', JSON.stringify(options), 'base64url'),
    rule: name,
    isEmpty: false,
    scopes: scopes === undefined ? undefined : ScopeSet.of(scopes),
    limits: Object.freeze(limits),
    allowsTool: (tool: { readonly name: string; readonly effect: string }) =>
      isNamed(tool.name) && (mayDestroy || tool.effect !== 'destroy'),
    ...reachOf((kind, place) => options[kind]?.includes(place) ?? true),
  });
}

function reachOf(allows: (kind: PlaceKind, place: string) => boolean) {
  return {
    allowsWorkspace: (name: string) => allows('workspaces', name),
    allowsSource: (name: string) => allows('sources', name),
    allowsJob: (name: string) => allows('jobs', name),
    allowsApi: (name: string) => allows('apis', name),
  };
}
