import { couldUse, type Guarded, scopeRequired } from './admission.ts';
import type { Definitions } from './definitions.ts';
import type { Exchange } from './exchange.ts';
import { field, methodOf, textOf } from './message-fields.ts';

/**
 * Refuses a message that reaches something whose scopes are not granted, where a token with them would help.
 * Unknown names are refused later, as such; so is what the policy forbids, which a challenge would only make a
 * client ask for again and again.
 *
 * @throws AppError `SCOPE_REQUIRED`
 */
export function requireScopes(message: unknown, exchange: Exchange, definitions: Definitions): void {
  const target = targetOf(message, definitions);
  const { principal } = exchange;
  if (target === undefined || principal.scopes.hasAll(target.scopes)) return;
  if (couldUse(principal, target)) throw scopeRequired(target, principal.scopes);
}

function targetOf(message: unknown, definitions: Definitions): Guarded | undefined {
  const { tools, resources, prompts } = definitions;
  const params = field(message, 'params');
  const ref = field(params, 'ref');
  switch (methodOf(message)) {
    case 'tools/call':
      return tools.resolve(textOf(field(params, 'name')), field(params, 'arguments'))?.tool;
    case 'resources/read':
    case 'resources/subscribe':
      return resources.find(textOf(field(params, 'uri')));
    case 'prompts/get':
      return prompts.find(textOf(field(params, 'name')));
    case 'completion/complete':
      return resources.find(textOf(field(ref, 'uri'))) ?? prompts.find(textOf(field(ref, 'name')));
    default:
      return undefined;
  }
}
