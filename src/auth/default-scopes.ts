import type { Scope } from '../core/scopes.ts';

const PREFERRED: readonly Scope[] = ['files:read'];

/**
 * What a client is told to ask for first, and gets when it asks for nothing: enough to look around. More is
 * asked for when a call needs it.
 *
 * @param offered The scopes that there is something to do with in this deployment.
 */
export function defaultScopes(offered: readonly Scope[]): readonly Scope[] {
  const preferred = PREFERRED.filter((scope) => offered.includes(scope));
  if (preferred.length > 0) return preferred;
  const reading = offered.filter((scope) => scope.endsWith(':read'));
  return reading.length > 0 ? reading : offered;
}
