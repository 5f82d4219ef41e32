import type { Request } from 'express';
import type { AuthOptions } from '../../options.ts';
import type { Account } from '../accounts/accounts.ts';
import type { FederatedSignIn } from './federated-sign-in.ts';
import { isRefusalReason, REFUSALS } from './sign-in-refusal.ts';

/** Where a sign-in page leads beside the password: nothing, where people have their accounts here. */
export function providersOf(
  federatedSignIn: FederatedSignIn,
  action: string,
): { readonly action: string; readonly choices: FederatedSignIn['choices'] } | undefined {
  const { choices } = federatedSignIn;
  return choices.length === 0 ? undefined : { action, choices };
}

/** Why the person is back on the sign-in page, as the address says; nobody can make it say anything else. */
export function problemOf(request: Request): { readonly problem?: string; readonly status?: number } {
  const reason = request.query['problem'];
  if (!isRefusalReason(reason)) return {};
  return { problem: REFUSALS[reason], status: reason === 'provider_unavailable' ? 503 : 403 };
}

/**
 * Whether the account may sign in with what this server itself knows. Where people sign in at identity
 * providers, that is the owner alone: the way in when the provider is down or wrongly configured.
 */
export function mayUsePassword(
  { mode }: Pick<AuthOptions, 'mode'>,
  { role, identity }: Pick<Account, 'role' | 'identity'>,
): boolean {
  return mode !== 'broker' || (role === 'owner' && identity === undefined);
}
