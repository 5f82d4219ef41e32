import { isIP } from 'node:net';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import * as z from 'zod';
import type { Clock } from '../../../core/clock.ts';
import { isLoopback } from '../../../core/loopback.ts';
import type { Store } from '../../../core/store.ts';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { type Passkey, passkeyHandle, PasskeyRecords } from './passkey-records.ts';
import { records } from '../state/records.ts';

/** Seconds within which a browser must answer. */
const CHALLENGE_TTL = 300;

/** ES256, EdDSA and RS256 (COSE): what authenticators sign with, and what Node verifies without experiments. */
const ALGORITHMS = [-7, -8, -257];

interface PasskeysContext {
  /** The public origin. */
  readonly issuer: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly accounts: Accounts;
  /** Whether the account signs in with anything that this server itself knows. */
  readonly maySignInHere: (account: Account) => boolean;
}

/** What a browser answers, as it came in the form, and the form token that it came with. */
export interface PasskeyAnswer {
  readonly response: string;
  /** Stands for the browser and for what the form is for: a challenge is good with its own alone. */
  readonly formToken: string;
}

/** Why an answer does not count, for the audit log. */
type Refusal =
  | 'malformed'
  | 'no_open_challenge'
  | 'unknown_passkey'
  | 'not_verified'
  | 'counter'
  | 'account_disabled'
  | 'not_a_local_account';

const base64url = z.string().regex(/^[\w-]+={0,2}$/);

const credential = { id: base64url, rawId: base64url, type: z.literal('public-key') };

const registrationAnswer = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z.array(z.string().max(32)).max(10).default([]),
  }),
});

const signInAnswer = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    // Present for credentials that the browser found by itself, which are the only ones asked for.
    userHandle: base64url,
  }),
});

type SignInAnswer = z.output<typeof signInAnswer>;

/**
 * Registration of passkeys and sign-in with them (Web Authentication, Level 3): credentials that the
 * browser finds by itself, bound to the public origin, and always with the person verified, so that a
 * passkey alone is as much as a password and the device together.
 */
export class Passkeys {
  readonly records: PasskeyRecords;
  readonly #context: PasskeysContext;
  readonly #host: string;

  constructor(context: PasskeysContext) {
    this.#context = context;
    this.#host = new URL(context.issuer).hostname;
    this.records = new PasskeyRecords(context.store);
  }

  /** Whether browsers have passkeys for this server: by name, and over https or on this machine. */
  get available(): boolean {
    const named = isIP(this.#host.replace(/^\[|\]$/g, '')) === 0;
    return named && (this.#context.issuer.startsWith('https:') || isLoopback(this.#host));
  }

  /**
   * Whether the account signs in here at all. Who is known by an identity provider alone is not let in
   * around it, or whoever it cuts off would still get in.
   */
  mayHave(account: Account): boolean {
    const local = account.hasPassword || account.identity === undefined;
    return this.available && local && this.#context.maySignInHere(account);
  }

  /** What `navigator.credentials.create` takes, as JSON. */
  async registrationOptions(account: Account, formToken: string): Promise<unknown> {
    const { generateRegistrationOptions } = await import('@simplewebauthn/server');
    const known = await this.records.list(account.id);
    const options = await generateRegistrationOptions({
      rpName: 'Fairlead',
      rpID: this.#host,
      userID: Uint8Array.from(Buffer.from(account.id)),
      userName: account.email,
      userDisplayName: account.name,
      timeout: CHALLENGE_TTL * 1000,
      attestationType: 'none',
      excludeCredentials: known.map(({ id, transports }) => ({ id, transports })),
      supportedAlgorithmIDs: ALGORITHMS,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    await this.#remember('register', formToken, options.challenge);
    return options;
  }

  /** Answers the new passkey, or undefined where the browser's answer is not good or there is no room. */
  async register(account: Account, name: string, answer: PasskeyAnswer): Promise<Passkey | undefined> {
    const parsed = parseAnswer(registrationAnswer, answer);
    const challenge = await this.#redeem('register', answer.formToken);
    if (parsed === undefined || challenge === undefined) return undefined;
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
    const response: RegistrationResponseJSON = { ...parsed, clientExtensionResults: {} };
    const { registrationInfo } = await verified(() =>
      verifyRegistrationResponse({
        ...this.#expected(challenge),
        response,
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    );
    if (registrationInfo === undefined) return undefined;
    const { id, publicKey, counter } = registrationInfo.credential;
    const passkey: Passkey = {
      id,
      publicKey: Buffer.from(publicKey).toString('base64url'),
      counter,
      transports: parsed.response.transports,
      name,
      createdAt: this.#now(),
    };
    return (await this.records.add(account.id, passkey)) ? passkey : undefined;
  }

  /** What `navigator.credentials.get` takes, as JSON. */
  async signInOptions(formToken: string): Promise<unknown> {
    const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
    const options = await generateAuthenticationOptions({
      rpID: this.#host,
      timeout: CHALLENGE_TTL * 1000,
      userVerification: 'required',
    });
    await this.#remember('sign-in', formToken, options.challenge);
    return options;
  }

  /** Whose passkey has answered. */
  async authenticate(
    answer: PasskeyAnswer,
  ): Promise<{ readonly account: Account } | { readonly reason: Refusal; readonly subject?: string }> {
    const parsed = parseAnswer(signInAnswer, answer);
    const challenge = await this.#redeem('sign-in', answer.formToken);
    if (parsed === undefined) return { reason: 'malformed' };
    if (challenge === undefined) return { reason: 'no_open_challenge' };
    const found = await this.records.find(parsed.id);
    const account = found && (await this.#context.accounts.find(found.accountId));
    if (found === undefined || account === undefined) return { reason: 'unknown_passkey' };
    const reason = await this.#judge(account, { ...found, challenge, answer: parsed });
    return reason === undefined ? { account } : { reason, subject: account.id };
  }

  /** Why the answer does not sign the account in. Notes the use where it does. */
  async #judge(
    account: Account,
    {
      passkey,
      challenge,
      answer,
    }: { readonly passkey: Passkey; readonly challenge: string; readonly answer: SignInAnswer },
  ): Promise<Refusal | undefined> {
    // Whom the device takes this for (Web Authentication §7.2, step 6).
    const named = Buffer.from(answer.response.userHandle, 'base64url');
    if (!named.equals(Buffer.from(account.id))) return 'not_verified';
    const counter = await this.#verify(answer, passkey, challenge);
    if (counter === undefined) return 'not_verified';
    if (account.disabledAt !== undefined) return 'account_disabled';
    if (!this.mayHave(account)) return 'not_a_local_account';
    return (await this.#count(account.id, passkey, counter)) ? undefined : 'counter';
  }

  /** The counter of the answer, or undefined where the passkey has not made it for this. */
  async #verify(answer: SignInAnswer, passkey: Passkey, challenge: string): Promise<number | undefined> {
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    const response: AuthenticationResponseJSON = { ...answer, clientExtensionResults: {} };
    const { verified: good, authenticationInfo } = await verified(() =>
      verifyAuthenticationResponse({
        ...this.#expected(challenge),
        response,
        credential: {
          id: passkey.id,
          publicKey: Uint8Array.from(Buffer.from(passkey.publicKey, 'base64url')),
          counter: passkey.counter,
          transports: [...passkey.transports],
        },
      }),
    );
    return good === true ? authenticationInfo?.newCounter : undefined;
  }

  #expected(challenge: string) {
    return {
      expectedChallenge: challenge,
      expectedOrigin: this.#context.issuer,
      expectedRPID: this.#host,
      requireUserVerification: true,
    };
  }

  /**
   * Notes the use, unless another one with the same or a higher count was noted in the meantime: that one
   * is by a copy of the passkey (Web Authentication §7.2, step 22).
   */
  async #count(accountId: string, used: Passkey, counter: number): Promise<boolean> {
    return await this.records.change(accountId, passkeyHandle(used), (passkey) => {
      const counts = counter > 0 || passkey.counter > 0;
      if (counts && counter <= passkey.counter) return undefined;
      return { ...passkey, counter, lastUsedAt: this.#now() };
    });
  }

  /** One challenge is open for each browser and purpose: the last one. */
  async #remember(kind: 'register' | 'sign-in', formToken: string, challenge: string): Promise<void> {
    await this.#context.store.put(records.passkeyChallenge(kind, formToken), challenge, CHALLENGE_TTL);
  }

  /** Good once, whatever comes of it. */
  async #redeem(kind: 'register' | 'sign-in', formToken: string): Promise<string | undefined> {
    return await this.#context.store.take(records.passkeyChallenge(kind, formToken));
  }

  #now(): string {
    return new Date(this.#context.clock.now()).toISOString();
  }
}

function parseAnswer<T>(shape: z.ZodType<T>, { response }: PasskeyAnswer): T | undefined {
  try {
    return shape.safeParse(JSON.parse(response)).data;
  } catch {
    return undefined;
  }
}

/** The library tells by throwing why an answer is not good; to us all that is one. */
async function verified<T extends { readonly verified: boolean }>(
  verify: () => Promise<T>,
): Promise<Partial<T>> {
  try {
    const result = await verify();
    return result.verified ? result : {};
  } catch {
    return {};
  }
}
