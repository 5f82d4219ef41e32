import { AppError } from '../../../core/errors.ts';

/** Why somebody who comes from an identity provider does not get in; what they read about it. */
export const REFUSALS = {
  cancelled: 'You did not sign in there, or you may not use this service with your account there.',
  provider_error: 'The identity provider reported an error. Your administrator finds it in the audit log.',
  provider_unavailable: 'The identity provider cannot be reached at the moment. Try again in a minute.',
  invalid_answer:
    'The answer of the identity provider is not valid. Your administrator finds more in the log.',
  subject_missing: 'The identity provider did not say who you are.',
  email_missing: 'The identity provider did not tell your e-mail address, which is needed here.',
  email_unverified: 'The identity provider has not verified your e-mail address.',
  email_taken:
    'Another account here has your e-mail address. Accounts are never joined; your administrator can remove the other one.',
  not_allowed: 'Your account at the identity provider may not be used here. Your administrator decides that.',
  account_disabled: 'Your account here is disabled.',
} as const;

export type RefusalReason = keyof typeof REFUSALS;

const MAX_DETAIL_LENGTH = 200;

/** A person who is not let in. The message is for them, the reason for the audit log. */
export class SignInRefusal extends AppError {
  readonly reason: RefusalReason;
  /** What the operator may know beyond the reason: the provider's error code, or what was missing. */
  readonly detail: string | undefined;

  constructor(reason: RefusalReason, detail?: string, cause?: unknown) {
    super('FORBIDDEN', REFUSALS[reason], cause === undefined ? {} : { cause });
    this.reason = reason;
    this.detail = detail?.slice(0, MAX_DETAIL_LENGTH);
  }
}

/** What went wrong, for the log: messages alone, because the rest of such errors may hold what was received. */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${faultOf(error.cause)}` : error.message;
}

export function isRefusalReason(value: unknown): value is RefusalReason {
  return typeof value === 'string' && Object.hasOwn(REFUSALS, value);
}
