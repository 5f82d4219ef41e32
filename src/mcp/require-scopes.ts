import type { Scope } from '../core/scopes.ts';
import type { Definitions } from './build-server.ts';
import { scopeRequired } from './call-tool.ts';
import type { Exchange } from './exchange.ts';
import { field, methodOf, textOf } from './message-fields.ts';

/**
 * Refuses a message that reaches something whose scopes are not granted. Unknown names are refused later, as such.
 *
 * @throws AppError `SCOPE_REQUIRED`
 */
export function requireScopes(message: unknown, exchange: Exchange, definitions: Definitions): void {
  const target = targetOf(message, definitions);
  const { scopes } = exchange.principal;
  if (target !== undefined && !scopes.hasAll(target.scopes)) throw scopeRequired(target, scopes);
}

function targetOf(message: unknown, definitions: Definitions): { scopes: readonly Scope[] } | undefined {
  const { tools, resources, prompts } = definitions;
  const params = field(message, 'params');
  const ref = field(params, 'ref');
  switch (methodOf(message)) {
    case 'tools/call':
      return tools.find(textOf(field(params, 'name')));
    case 'resources/read':
      return resources.find(textOf(field(params, 'uri')));
    case 'prompts/get':
      return prompts.find(textOf(field(params, 'name')));
    case 'completion/complete':
      return resources.find(textOf(field(ref, 'uri'))) ?? prompts.find(textOf(field(ref, 'name')));
    default:
      return undefined;
  }
}
