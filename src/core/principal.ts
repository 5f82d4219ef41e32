import type { Permit } from './permit.ts';
import type { Scope, ScopeSet } from './scopes.ts';

/** Whom an access token speaks for, before the operator's policy is asked. */
export interface Identity {
  /** The person or machine account: the token's `sub`. */
  readonly subject: string;
  /** The OAuth client that acts for the subject. */
  readonly clientId: string;
  readonly scopes: ScopeSet;
  /** Groups of the subject, as far as they are known. */
  readonly groups: readonly string[];
  /** The subject's address, where the token tells it and its issuer vouches for it. */
  readonly email: string | undefined;
  /** Names what the token came of when it is revoked: a grant, or the token itself. No credential. */
  readonly authority: string;
  /** When the token ends, in seconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Who calls. It holds no token, so that passing a client's token on to anything upstream cannot be
 * written by accident.
 */
export interface Principal {
  /** The person or machine account: the token's `sub`. */
  readonly subject: string;
  /** The OAuth client that acts for the subject. */
  readonly clientId: string;
  /** Those of the token that the policy lets count. */
  readonly scopes: ScopeSet;
  /** What the operator's policy allows beside them. */
  readonly permit: Permit;
  /** As {@link Identity.authority}. */
  readonly authority: string;
  /** When the authority ends, in seconds since the epoch. */
  readonly expiresAt: number;
}

/** Decides what an identity may do: the operator's policy. Asked once for each verified token. */
export type Admit = (identity: Identity) => Principal;

/** A person or machine account, and the client that acts for it. */
export type Actor = Pick<Identity, 'subject' | 'clientId' | 'groups' | 'email'>;

/** What the operator's policy lets an authorization server grant, and what it has to be told for that. */
export interface Issuance {
  /** Those of the scopes that there is something to do with under the policy. */
  grantable(actor: Actor, scopes: readonly Scope[]): readonly Scope[];
  /** Groups that the policy asks for: others do not have to stand in tokens. */
  readonly groups: ReadonlySet<string>;
  /** Whether the policy asks for addresses of people. */
  readonly asksForEmail: boolean;
}
