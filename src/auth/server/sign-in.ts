import type { Telemetry } from '../../core/telemetry.ts';
import { AppError } from '../../core/errors.ts';
import { type Account, type Accounts, canonicalEmail } from './accounts.ts';
import type { LoginDelay } from './login-delay.ts';

interface SignInContext {
  readonly accounts: Accounts;
  readonly delay: LoginDelay;
  readonly telemetry: Telemetry;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly address: string;
}

export type SignInResult =
  | { readonly account: Account }
  /** Not signed in: why, for the person, and the HTTP status that says so. */
  | { readonly problem: string; readonly status: 401 | 429 | 503; readonly retryAfter?: number };

/** Signing in with a password: what every form for it does. */
export class PasswordSignIn {
  readonly #context: SignInContext;

  constructor(context: SignInContext) {
    this.#context = context;
  }

  async attempt(credentials: Credentials): Promise<SignInResult> {
    // Counted by the one form that the account is found by, or each spelling would have its own guesses.
    const email = canonicalEmail(credentials.email);
    const wait = await this.#context.delay.begin({ ...credentials, email });
    if (wait !== undefined) {
      await this.#record('refused', credentials, 'delayed');
      return { problem: `Too many attempts. Try again in ${inWords(wait)}.`, status: 429, retryAfter: wait };
    }
    try {
      return await this.#check({ ...credentials, email });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'UNAVAILABLE') throw error;
      await this.#record('unavailable', credentials, 'busy');
      const retryAfter = error.retryAfter ?? 5;
      return { problem: `${error.message} Try again in ${inWords(retryAfter)}.`, status: 503, retryAfter };
    }
  }

  async #check(credentials: Credentials): Promise<SignInResult> {
    const { accounts, delay, telemetry } = this.#context;
    const account = await accounts.authenticate(credentials.email, credentials.password);
    if (account === undefined) {
      await this.#record('invalid', credentials, 'credentials');
      return { problem: 'The e-mail address or the password is wrong.', status: 401 };
    }
    await delay.succeeded(credentials);
    telemetry.metrics.auth('login', 'ok');
    telemetry.audit({
      action: 'login.succeeded',
      outcome: 'success',
      subject: account.id,
      address: credentials.address,
    });
    return { account };
  }

  /** Names the account where there is one, and never what was typed: passwords end up in the wrong field. */
  async #record(
    outcome: 'invalid' | 'refused' | 'unavailable',
    attempt: Credentials,
    reason: string,
  ): Promise<void> {
    const { accounts, telemetry } = this.#context;
    const subject = await accounts.idOf(attempt.email);
    telemetry.metrics.auth('login', outcome);
    telemetry.audit({
      action: 'login.failed',
      outcome: 'denied',
      ...(subject === undefined ? {} : { subject }),
      address: attempt.address,
      details: { reason },
    });
  }
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} second${seconds === 1 ? '' : 's'}`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
