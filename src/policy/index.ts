import { allowsShowing, type Permit, type Showing } from '../core/permit.ts';
import type { Actor, Admit, Issuance } from '../core/principal.ts';
import type { Scope } from '../core/scopes.ts';
import { explain, type ExplainedTool, type Step } from './explain.ts';
import { PLACE_KINDS, type PlaceKind, type PolicyOptions } from './options.ts';
import { toolMatcher } from './patterns.ts';
import { BY_SCOPES, createRule, fits, isAddress, NOTHING, type Rule } from './rule.ts';

export type { Step } from './explain.ts';

/** What there is to allow. */
export interface Offer {
  readonly tools: readonly ExplainedTool[];
  readonly resources: readonly (Showing & { readonly scopes: readonly Scope[] })[];
  /** Names of what rules can allow beside tools. */
  readonly places: Readonly<Record<PlaceKind, readonly string[]>>;
}

export interface Policy {
  readonly admit: Admit;
  readonly issuance: Issuance;
  /** What rules say that comes to nothing, as sentences for the operator. */
  readonly warnings: readonly string[];
  /** Why a call of the tool is allowed or not, as far as the policy decides; it is unless a step says `stop`. */
  explain(actor: Actor, tool: ExplainedTool): readonly Step[];
}

/** The operator's policy. */
export function createPolicy(options: PolicyOptions, offer: Offer): Policy {
  const rules = options.rules.map(createRule);
  const otherwise = rules.length === 0 ? BY_SCOPES : NOTHING;
  const permitOf = (actor: Actor): Permit => rules.find((rule) => fits(rule, actor))?.permit ?? otherwise;
  const admit: Admit = (identity) => {
    const { subject, clientId, scopes, authority, expiresAt } = identity;
    const permit = permitOf(identity);
    const counted = permit.scopes === undefined ? scopes : scopes.both(permit.scopes);
    return Object.freeze({ subject, clientId, scopes: counted, permit, authority, expiresAt });
  };
  return {
    admit,
    issuance: {
      grantable: (actor, scopes) => {
        const permit = permitOf(actor);
        return scopes.filter((scope) => isOfUse(scope, permit, offer));
      },
      groups: new Set(options.rules.flatMap(({ groups = [] }) => groups)),
      asksForEmail: options.rules.some(({ subjects = [] }) => subjects.some(isAddress)),
    },
    warnings: [...rules.flatMap((rule) => warningsOf(rule, offer)), ...strangePlaces(options, offer)],
    explain: (actor, tool) => explain(rules, permitOf(actor), actor, tool),
  };
}

/** Whether its holder could do something with a scope that it could not do without. */
function isOfUse(scope: Scope, permit: Permit, { tools, resources }: Offer): boolean {
  const counts = (needed: readonly Scope[]): boolean =>
    needed.includes(scope) && needed.every((one) => permit.scopes?.has(one) ?? true);
  return (
    tools.some((tool) => counts(tool.scopes) && permit.allowsTool(tool)) ||
    resources.some((family) => counts(family.scopes) && allowsShowing(permit, family))
  );
}

function warningsOf({ name, tools, namesClients }: Rule, offer: Offer): string[] {
  if (tools === undefined) return [];
  return tools.flatMap((pattern) => {
    const matches = toolMatcher([pattern]);
    const named = offer.tools.filter((tool) => matches(tool.name));
    if (named.length === 0) return [`rule "${name}" allows ${pattern}, which is no tool of this server`];
    const isIdle = !namesClients && named.every(({ effect }) => effect === 'destroy');
    return isIdle
      ? [`rule "${name}" allows ${pattern}, which destroys and so needs the application under "clients"`]
      : [];
  });
}

const KINDS: Readonly<Record<PlaceKind, string>> = {
  workspaces: 'workspace',
  sources: 'data source',
  jobs: 'job',
  apis: 'API',
};

function strangePlaces({ rules }: PolicyOptions, { places }: Offer): string[] {
  return rules.flatMap((rule) =>
    PLACE_KINDS.flatMap((kind) =>
      (rule[kind] ?? [])
        .filter((place) => !places[kind].includes(place))
        .map((place) => `rule "${rule.name}" allows the ${KINDS[kind]} ${place}, which does not exist here`),
    ),
  );
}
