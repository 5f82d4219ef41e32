import type { Holder } from '../core/by-holder.ts';
import { isDiscovery } from '../core/discovery.ts';
import { AppError } from '../core/errors.ts';
import { allowsShowing, type Permit, type Showing } from '../core/permit.ts';
import type { Scope, ScopeSet } from '../core/scopes.ts';
import type { Tool } from '../core/tool.ts';

/** What scopes and the policy guard: a tool, a family of resources, a prompt. */
export type Guarded =
  Pick<Tool, 'name' | 'effect' | 'scopes'> | (Showing & { readonly scopes: readonly Scope[] });

/** Whether the policy leaves it to the holders of a permit that have the scopes. */
function isPermitted(permit: Permit, target: Guarded): boolean {
  if ('effect' in target && isDiscovery(target.name)) return !permit.isEmpty;
  return 'effect' in target ? permit.allowsTool(target) : allowsShowing(permit, target);
}

/** Whether the principal may use it now. */
export function mayUse({ scopes, permit }: Holder, target: Guarded): boolean {
  return scopes.hasAll(target.scopes) && isPermitted(permit, target);
}

/** Whether the principal could use it with another token. */
export function couldUse({ permit }: Holder, target: Guarded): boolean {
  return isPermitted(permit, target) && (permit.scopes?.hasAll(target.scopes) ?? true);
}

/**
 * Lets a call pass that scopes and policy allow.
 *
 * @throws AppError `FORBIDDEN` where no token would help, `SCOPE_REQUIRED` where another one would
 */
export function requireUse(holder: Holder, tool: Tool): void {
  if (!couldUse(holder, tool)) throw forbidden(tool);
  if (!holder.scopes.hasAll(tool.scopes)) throw scopeRequired(tool, holder.scopes);
}

/**
 * What a call lacks, as the challenge of RFC 6750 §3.1 names it: everything that the call needs, and what the
 * caller holds already, or a client that asks for exactly this would lose it by stepping up.
 */
export function scopeRequired(needing: { readonly scopes: readonly Scope[] }, held: ScopeSet): AppError {
  const scopes = [...new Set([...held.granted, ...needing.scopes])];
  return new AppError('SCOPE_REQUIRED', `This call needs the scope ${needing.scopes.join(' ')}.`, {
    scopes,
    next: `authorize again with the scope ${scopes.join(' ')}`,
  });
}

function forbidden({ name }: Tool): AppError {
  return new AppError('FORBIDDEN', `The operator's policy does not let you call ${name} here.`, {
    next: 'do without it: authorizing again changes nothing. The operator sees why with "fairlead policy explain"',
  });
}
