import type { Telemetry } from '../../../core/telemetry.ts';
import type { LoginDelay } from './login-delay.ts';
import type { PasskeyAnswer, Passkeys } from './passkeys.ts';
import { clientOf, type SignInResult, tooMany } from './sign-in.ts';

interface PasskeySignInContext {
  readonly passkeys: Passkeys;
  readonly delay: LoginDelay;
  readonly telemetry: Telemetry;
}

interface PasskeyAttempt extends PasskeyAnswer {
  readonly address: string;
  /** The client that asked for the sign-in, where one did. */
  readonly clientId?: string | undefined;
}

/** The passkey proves that its device is there, and that the device has verified its owner (RFC 8176). */
const AMR = ['pop', 'mfa'];

/** Signing in with a passkey. Whatever is wrong with one, the person is told the same. */
export class PasskeySignIn {
  readonly #context: PasskeySignInContext;

  constructor(context: PasskeySignInContext) {
    this.#context = context;
  }

  async attempt(attempt: PasskeyAttempt): Promise<SignInResult> {
    const { passkeys, delay, telemetry } = this.#context;
    // Nobody guesses a signature: the address is made to wait for what it cost, not for what it could gain.
    const wait = await delay.waitOf(attempt.address);
    if (wait !== undefined) {
      this.#refuse(attempt, { reason: 'delayed' });
      return { problem: tooMany(wait), status: 429, retryAfter: wait };
    }
    const result = await passkeys.authenticate(attempt);
    if ('reason' in result) {
      await delay.failed(attempt.address);
      this.#refuse(attempt, result);
      return { problem: 'This passkey was not accepted. Try again, or sign in another way.', status: 401 };
    }
    telemetry.metrics.auth('login', 'ok');
    telemetry.audit({
      action: 'login.succeeded',
      outcome: 'success',
      subject: result.account.id,
      ...clientOf(attempt),
      address: attempt.address,
      details: { method: 'passkey' },
    });
    return { account: result.account, amr: AMR };
  }

  #refuse(
    attempt: PasskeyAttempt,
    { reason, subject }: { readonly reason: string; readonly subject?: string },
  ): void {
    const { telemetry } = this.#context;
    telemetry.metrics.auth('login', reason === 'delayed' ? 'refused' : 'invalid');
    telemetry.audit({
      action: 'login.failed',
      outcome: 'denied',
      ...(subject === undefined ? {} : { subject }),
      ...clientOf(attempt),
      address: attempt.address,
      details: { method: 'passkey', reason },
    });
  }
}
