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
  /** JSON of what the account page says about a grant. Lives as long as the grant. */
  accountGrant: (accountId: string, grantId: string) => `auth:account-grant:${accountId}:${grantId}`,
  /** The id of a browser session of the account. Lives as long as the session. */
  accountSession: (accountId: string, sessionId: string) =>
    `auth:account-session:${accountId}:${digest(sessionId)}`,
  /** JSON of an entity of the OAuth protocol; `model` is its name in oidc-provider. */
  entity: (model: string, id: string) => `auth:${model}:${digest(id)}`,
  /** Marks an entity that ends with the grant. */
  grantMember: (grantId: string, model: string, id: string) =>
    `auth:grant-member:${grantId}:${model}:${digest(id)}`,
  /** The id of the session with this uid. */
  sessionByUid: (uid: string) => `auth:session-uid:${uid}`,
  /** A one-time link for the first owner; the token itself is in no record. */
  setup: (token: string) => `auth:setup:${digest(token)}`,
  /** Held while the first account is being created. */
  firstAccount: 'auth:first-account',
  /** JSON of the failed sign-ins of an account or address. */
  failures: (kind: 'account' | 'address', name: string) => `auth:failures-${kind}:${digest(name)}`,
} as const;

/** The prefix of all keys of one kind, for `scan`: that of a key with an empty last part. */
export const prefixes = {
  accounts: 'auth:account:',
  accountGrants: (accountId: string) => `auth:account-grant:${accountId}:`,
  accountSessions: (accountId: string) => `auth:account-session:${accountId}:`,
  entities: (model: string) => `auth:${model}:`,
  grantMembers: (grantId: string, model: string) => `auth:grant-member:${grantId}:${model}:`,
} as const;

/** SHA-256 in base64url: 43 characters. */
export function digest(value: string): string {
  return hash('sha256', value, 'base64url');
}
