import { hash } from 'node:crypto';

/**
 * Every record that the authorization server keeps, by name. Tokens, codes and other credentials stand in
 * keys as hashes only, so that a copy of the store lets nobody sign in.
 */
export const records = {
  /** JSON of the account, with its password hash. Permanent. */
  account: (id: string) => `auth:account:${id}`,
  /** The id of the account with this e-mail address. Permanent. */
  accountByEmail: (email: string) => `auth:account-email:${digest(email)}`,
  /** The id of the account of the person whom the issuer calls by this subject. Permanent. */
  accountByIdentity: (issuer: string, subject: string) =>
    `auth:account-identity:${digest(`${issuer}\0${subject}`)}`,
  /** JSON of what is known of a person from the identity provider, its refresh token sealed. */
  upstream: (accountId: string) => `auth:upstream:${accountId}`,
  /** Held while one process asks the identity provider about a person. */
  upstreamCheck: (accountId: string) => `auth:upstream-check:${accountId}`,
  /** JSON of a sign-in that is under way at an identity provider. Taken once, when the person comes back. */
  upstreamLogin: (state: string) => `auth:upstream-login:${digest(state)}`,
  /** JSON of how such a sign-in ended. Taken once, by the page that it was begun on. */
  upstreamResult: (ticket: string) => `auth:upstream-result:${digest(ticket)}`,
  /** JSON of what the account page says about a grant. Lives as long as the grant. */
  accountGrant: (accountId: string, grantId: string) => `auth:account-grant:${accountId}:${grantId}`,
  /** The id of a browser session of the account. Lives as long as the session. */
  accountSession: (accountId: string, sessionId: string) =>
    `auth:account-session:${accountId}:${digest(sessionId)}`,
  /** Says that an identity assertion was used. Lives as long as the assertion. */
  assertion: (issuer: string, jti: string) => `auth:assertion:${digest(JSON.stringify([issuer, jti]))}`,
  /** The id of the grant that tokens hang on which a client gets by assertions. Lives as long as they. */
  assertedGrant: (accountId: string, clientId: string) =>
    `auth:asserted-grant:${accountId}:${digest(clientId)}`,
  /** Says that one of the places for registered clients is taken. Lives as long as the client. */
  clientSlot: (slot: number) => `auth:client-slot:${String(slot)}`,
  /** Counts the questions of a device about its code. */
  devicePoll: (deviceCode: string) => `auth:device-poll:${digest(deviceCode)}`,
  /** JSON of an entity of the OAuth protocol; `model` is its name in oidc-provider. */
  entity: (model: string, id: string) => `auth:${model}:${digest(id)}`,
  /** Marks an entity that ends with the grant. */
  grantMember: (grantId: string, model: string, id: string) =>
    `auth:grant-member:${grantId}:${model}:${digest(id)}`,
  /** Says that a step of an authorization request was answered, on a consent page. */
  answered: (uid: string) => `auth:answered:${digest(uid)}`,
  /** The id of the session with this uid. */
  sessionByUid: (uid: string) => `auth:session-uid:${uid}`,
  /** The hashed device code that belongs to the code that people enter. */
  userCode: (userCode: string) => `auth:user-code:${digest(userCode)}`,
  /** Counts the wrong codes that came from a network or browser session. */
  userCodeGuesses: (kind: 'network' | 'session', name: string) =>
    `auth:user-code-guesses-${kind}:${digest(name)}`,
  /** A one-time link for the first owner; the token itself is in no record. */
  setup: (token: string) => `auth:setup:${digest(token)}`,
  /** The hash of the token in a link at which the person sets a password. */
  invitation: (accountId: string) => `auth:invitation:${accountId}`,
  /** Held while the first account is being created. */
  firstAccount: 'auth:first-account',
  /** JSON of where and with what a browser session began; by its uid. Lives as long as the session. */
  sessionOrigin: (uid: string) => `auth:session-origin:${uid}`,
  /** JSON of the passkeys of an account, public keys alone. Permanent. */
  passkeys: (accountId: string) => `auth:passkeys:${accountId}`,
  /** The id of the account that a passkey belongs to. Permanent. */
  passkeyAccount: (credentialId: string) => `auth:passkey-account:${digest(credentialId)}`,
  /** The challenge that a browser's authenticator is to answer, for the form with this token. */
  passkeyChallenge: (kind: 'register' | 'sign-in', formToken: string) =>
    `auth:passkey-challenge:${digest(`${kind} ${formToken}`)}`,
  /** JSON of the failed sign-ins of an account or address. */
  failures: (kind: 'account' | 'address', name: string) => `auth:failures-${kind}:${digest(name)}`,
} as const;

/** The prefix of all keys of one kind, for `scan`: that of a key with an empty last part. */
export const prefixes = {
  accounts: 'auth:account:',
  allAccountGrants: 'auth:account-grant:',
  allAccountSessions: 'auth:account-session:',
  accountGrants: (accountId: string) => `auth:account-grant:${accountId}:`,
  accountSessions: (accountId: string) => `auth:account-session:${accountId}:`,
  clientSlots: 'auth:client-slot:',
  entities: (model: string) => `auth:${model}:`,
  grantMembers: (grantId: string, model: string) => `auth:grant-member:${grantId}:${model}:`,
} as const;

/** SHA-256 in base64url: 43 characters. */
export function digest(value: string): string {
  return hash('sha256', value, 'base64url');
}
