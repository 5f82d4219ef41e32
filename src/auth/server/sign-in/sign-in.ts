import type { Telemetry } from '../../../core/telemetry.ts';
import { AppError } from '../../../core/errors.ts';
import { type Account, type Accounts, canonicalEmail } from '../accounts/accounts.ts';
import type { LoginDelay } from './login-delay.ts';

interface SignInContext {
  readonly accounts: Accounts;
  /** Whether the account signs in with a password at all. */
  readonly mayUsePassword: (account: Account) => boolean;
  readonly delay: LoginDelay;
  readonly telemetry: Telemetry;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly address: string;
  /** The client that asked for the sign-in, where one did. */
  readonly clientId?: string | undefined;
}

export type SignInResult =
  /** Who it is, and how that was seen (RFC 8176). */
  | { readonly account: Account; readonly amr: string[] }
  /** Not signed in: why, for the person, and the HTTP status that says so. */
  | { readonly problem: string; readonly status: 401 | 429 | 503; readonly retryAfter?: number };

/** What a password was asked for, as the audit log has it. */
const SIGN_IN = { succeeded: 'login.succeeded', failed: 'login.failed' } as const;
const CONFIRMATION = { succeeded: 'password.confirmed', failed: 'password.refused' } as const;

type Actions = typeof SIGN_IN | typeof CONFIRMATION;

/** Signing in with a password: what every form for it does. */
export class PasswordSignIn {
  readonly #context: SignInContext;

  constructor(context: SignInContext) {
    this.#context = context;
  }

  async attempt(credentials: Credentials): Promise<SignInResult> {
    // Counted by the one form that the account is found by, or each spelling would have its own guesses.
    return await this.#guard({ ...credentials, email: canonicalEmail(credentials.email) }, SIGN_IN);
  }

  /** Asks for the password of who is signed in: guesses are counted with those at the sign-in. */
  async confirm(credentials: Credentials): Promise<SignInResult> {
    const result = await this.#guard(
      { ...credentials, email: canonicalEmail(credentials.email) },
      CONFIRMATION,
    );
    const wrong = 'problem' in result && result.status === 401;
    return wrong ? { ...result, problem: 'The password is wrong.' } : result;
  }

  async #guard(credentials: Credentials, actions: Actions): Promise<SignInResult> {
    const wait = await this.#context.delay.begin(credentials);
    if (wait !== undefined) {
      await this.#record('refused', credentials, { action: actions.failed, reason: 'delayed' });
      return { problem: tooMany(wait), status: 429, retryAfter: wait };
    }
    try {
      return await this.#check(credentials, actions);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'UNAVAILABLE') throw error;
      await this.#record('unavailable', credentials, { action: actions.failed, reason: 'busy' });
      const retryAfter = error.retryAfter ?? 5;
      return { problem: `${error.message} Try again in ${inWords(retryAfter)}.`, status: 503, retryAfter };
    }
  }

  async #check(credentials: Credentials, actions: Actions): Promise<SignInResult> {
    const { accounts, delay, telemetry } = this.#context;
    const account = await accounts.authenticate(credentials.email, credentials.password);
    if (account === undefined) {
      await this.#record('invalid', credentials, { action: actions.failed, reason: 'credentials' });
      return { problem: 'The e-mail address or the password is wrong.', status: 401 };
    }
    if (!this.#context.mayUsePassword(account)) {
      await this.#record('refused', credentials, { action: actions.failed, reason: 'password_not_allowed' });
      return { problem: 'This account does not sign in with a password here.', status: 401 };
    }
    await delay.succeeded(credentials);
    telemetry.metrics.auth('login', 'ok');
    telemetry.audit({
      action: actions.succeeded,
      outcome: 'success',
      subject: account.id,
      ...clientOf(credentials),
      address: credentials.address,
      details: { method: 'password' },
    });
    return { account, amr: ['pwd'] };
  }

  /** Names the account where there is one, and never what was typed: passwords end up in the wrong field. */
  async #record(
    outcome: 'invalid' | 'refused' | 'unavailable',
    attempt: Credentials,
    { action, reason }: { readonly action: Actions['failed']; readonly reason: string },
  ): Promise<void> {
    const { accounts, telemetry } = this.#context;
    const subject = await accounts.idOf(attempt.email);
    telemetry.metrics.auth('login', outcome);
    telemetry.audit({
      action,
      outcome: 'denied',
      ...(subject === undefined ? {} : { subject }),
      ...clientOf(attempt),
      address: attempt.address,
      details: { method: 'password', reason },
    });
  }
}

/** For the audit log. */
export function clientOf({ clientId }: { readonly clientId?: string | undefined }): { clientId?: string } {
  return clientId === undefined ? {} : { clientId };
}

export function tooMany(seconds: number): string {
  return `Too many attempts. Try again in ${inWords(seconds)}.`;
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} second${seconds === 1 ? '' : 's'}`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
