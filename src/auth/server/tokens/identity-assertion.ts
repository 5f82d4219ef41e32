import { JOSEError, JWTClaimValidationFailed, JWTExpired } from 'jose/errors';
import { decodeJwt } from 'jose/jwt/decode';
import { jwtVerify, type JWTVerifyOptions } from 'jose/jwt/verify';
import type { JWTPayload } from 'jose';
import { errors } from 'oidc-provider';
import type { Clock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import type { Store } from '../../../core/store.ts';
import { claimAt, type Claims } from '../../claims.ts';
import { spellingsOf } from '../../resource-addresses.ts';
import { type Account, type Accounts, canonicalEmail } from '../accounts/accounts.ts';
import type { IdentityProvider } from '../federation/identity-provider.ts';
import type { IdentityProviders } from '../federation/identity-providers.ts';
import type { People } from '../federation/people.ts';
import { SignInRefusal } from '../federation/sign-in-refusal.ts';
import { assertRequiredClaims } from '../federation/upstream-person.ts';
import { records } from '../state/records.ts';

export interface IdentityAssertionContext {
  /** The only audience that an assertion may have. */
  readonly issuer: string;
  /** The public URL of the MCP endpoint. */
  readonly resource: string;
  readonly identityProviders: IdentityProviders;
  readonly people: People;
  readonly accounts: Accounts;
  readonly store: Store;
  readonly clock: Clock;
}

/** Who presents an assertion. */
export interface Presenter {
  readonly clientId: string;
  /** Of the key that the request has proved to have (RFC 9449). */
  readonly keyThumbprint: string | undefined;
}

/** What a good assertion says. */
export interface AssertedIdentity {
  readonly provider: IdentityProvider;
  readonly account: Account;
  /** What the identity provider lets the client have; undefined where it leaves that open. */
  readonly scope: string | undefined;
}

const CLOCK_TOLERANCE = 30;
/** Seconds that an assertion may live; it is remembered for as long. */
const MAX_LIFETIME = 3600;
const MAX_CHARACTERS = 16_384;
const MAX_ID_CHARACTERS = 512;
const ALGORITHMS = [
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  ...['PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'],
];
/** Faults of the assertion's own making, as against keys that cannot be had. */
const OF_THE_ASSERTION = /^ERR_(JW[ST]_.+|JOSE_(ALG_NOT_ALLOWED|NOT_SUPPORTED)|JWKS_NO_MATCHING_KEY)$/;

const CLAIM_FAULTS: Readonly<Record<string, string>> = {
  aud: 'it is not for this authorization server',
  typ: 'it is not an identity assertion (typ oauth-id-jag+jwt)',
  iat: 'it is from the future or too old',
  nbf: 'it is not valid yet',
};

/**
 * Judges an Identity Assertion JWT Authorization Grant (draft-ietf-oauth-identity-assertion-authz-grant
 * and RFC 7521 §5.2), uses it up, and answers whom it is about.
 *
 * @throws InvalidGrant, or AppError `UNAVAILABLE` when the identity provider's keys cannot be had
 */
export async function acceptIdentityAssertion(
  assertion: string,
  presenter: Presenter,
  context: IdentityAssertionContext,
): Promise<AssertedIdentity> {
  const provider = trustedIssuer(assertion, context.identityProviders);
  const claims = await verify(assertion, provider, context);
  assertMeant(claims, presenter, context);
  await useUp(claims, context);
  try {
    assertRequiredClaims(provider.options, claims);
    const account = await accountOf(provider, claims, context);
    return { provider, account, scope: scopeOf(claims) };
  } catch (error) {
    if (!(error instanceof SignInRefusal)) throw error;
    throw refused(`the person is not let in (${error.reason})`);
  }
}

/** Nothing that the assertion says is believed before its signature but whose keys to check it with. */
function trustedIssuer(assertion: string, providers: IdentityProviders): IdentityProvider {
  const provider = providers.byIssuer(assertion.length > MAX_CHARACTERS ? '' : issuerOf(assertion));
  if (provider?.options.enterpriseManaged === true) return provider;
  throw refused('its issuer is none that this server takes assertions of');
}

function issuerOf(assertion: string): string {
  try {
    return decodeJwt(assertion).iss ?? '';
  } catch {
    throw refused('it is no signed JWT');
  }
}

async function verify(
  assertion: string,
  provider: IdentityProvider,
  { issuer, clock }: IdentityAssertionContext,
): Promise<JWTPayload> {
  const expected: JWTVerifyOptions = {
    issuer: provider.options.issuer,
    // Some write a slash behind every URL.
    audience: [issuer, `${issuer}/`],
    typ: 'oauth-id-jag+jwt',
    algorithms: ALGORITHMS,
    requiredClaims: ['sub', 'client_id', 'resource', 'jti', 'exp', 'iat'],
    maxTokenAge: MAX_LIFETIME,
    clockTolerance: CLOCK_TOLERANCE,
    currentDate: new Date(clock.now()),
  };
  const keys = await provider.verificationKeys();
  try {
    const { payload } = await jwtVerify(assertion, keys, expected);
    return payload;
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error instanceof JOSEError && OF_THE_ASSERTION.test(error.code)) throw refused(describe(error));
    throw new AppError('UNAVAILABLE', 'The keys of the identity provider cannot be read at the moment.', {
      retryAfter: 5,
      cause: error,
    });
  }
}

function describe(error: JOSEError): string {
  if (error instanceof JWTExpired) return 'it has expired';
  const known = error instanceof JWTClaimValidationFailed ? CLAIM_FAULTS[error.claim] : undefined;
  if (known !== undefined) return known;
  return error instanceof JWTClaimValidationFailed ? `its ${error.claim} is not valid` : 'it is not valid';
}

/** Whether it was made for this client, at this server, for this resource. */
function assertMeant(
  claims: JWTPayload,
  { clientId, keyThumbprint }: Presenter,
  { resource, clock }: IdentityAssertionContext,
): void {
  // One that is good elsewhere as well could be carried from there to here.
  if (Array.isArray(claims.aud) && claims.aud.length !== 1) throw refused('it has several audiences');
  if (claims['client_id'] !== clientId) throw refused('it was issued to another client');
  const [meant, ...others] = [claims['resource']].flat();
  if (others.length > 0 || !spellingsOf(resource).some((spelling) => spelling === meant)) {
    throw refused('it is for another resource');
  }
  if ((claims.exp ?? 0) - clock.now() / 1000 > MAX_LIFETIME + CLOCK_TOLERANCE) {
    throw refused('it is good for too long');
  }
  if (claims['cnf'] !== undefined && !isBoundTo(claims['cnf'], keyThumbprint)) {
    throw refused('it is bound to a key that the request does not prove to have');
  }
}

function isBoundTo(confirmation: unknown, keyThumbprint: string | undefined): boolean {
  if (typeof confirmation !== 'object' || confirmation === null || keyThumbprint === undefined) return false;
  return 'jkt' in confirmation && confirmation.jkt === keyThumbprint;
}

function scopeOf({ scope }: JWTPayload): string | undefined {
  if (scope === undefined || typeof scope === 'string') return scope;
  throw refused('its scope is no text');
}

/** Each assertion works once (RFC 7523 §3, item 7), in whichever process. */
async function useUp(
  { iss = '', jti, exp = 0 }: JWTPayload,
  { store, clock }: IdentityAssertionContext,
): Promise<void> {
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_ID_CHARACTERS) throw refused('it has no jti');
  const lifetime = Math.ceil(exp + CLOCK_TOLERANCE - clock.now() / 1000) + 1;
  if (await store.swap(records.assertion(iss, jti), undefined, '1', Math.max(1, lifetime))) return;
  throw refused('it was used already');
}

/**
 * The account of the person. Assertions tell little more than who it is: what is known from the last sign-in
 * stays where the assertion says nothing of it.
 */
async function accountOf(
  provider: IdentityProvider,
  claims: JWTPayload,
  { people, accounts, store }: IdentityAssertionContext,
): Promise<Account> {
  const { issuer, claims: names } = provider.options;
  const subject = claimAt(claims, names.subject);
  const id =
    typeof subject === 'string' ? await store.get(records.accountByIdentity(issuer, subject)) : undefined;
  const known = id === undefined ? undefined : await accounts.find(id);
  return await people.recognise(provider, known === undefined ? claims : completed(claims, known, names));
}

function completed(claims: Claims, known: Account, names: IdentityProvider['options']['claims']): Claims {
  const email = claimAt(claims, names.email) ?? known.email;
  const sameEmail = typeof email === 'string' && canonicalEmail(email) === known.email;
  return {
    [names.name]: claimAt(claims, names.name) ?? known.name,
    [names.groups]: claimAt(claims, names.groups) ?? known.groups,
    [names.email]: email,
    // It was verified when it became the account's.
    ...(sameEmail ? { email_verified: true } : {}),
    ...claims,
  };
}

function refused(reason: string): errors.InvalidGrant {
  const error = new errors.InvalidGrant(`assertion: ${reason}`);
  // Who has the assertion can read it: the reason tells them nothing new, and integrators what to mend.
  error.error_description = `the assertion cannot be accepted: ${reason}`;
  return error;
}
