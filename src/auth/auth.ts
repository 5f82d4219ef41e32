import type { RequestHandler } from 'express';
import type { Clock } from '../core/clock.ts';
import type { AppError } from '../core/errors.ts';
import type { HealthCheck } from '../core/health.ts';
import type { Admit, Issuance, Principal } from '../core/principal.ts';
import type { Scope } from '../core/scopes.ts';
import type { Store } from '../core/store.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { ConnectionNotes } from './connections/index.ts';
import type { AuthPages } from './pages.ts';

/** The fetch for what clients name: it reaches no private address. */
export type GuardedFetch = (url: string, init?: RequestInit) => Promise<Response>;

/** What every mode is handed. */
export interface AuthContext {
  /** The public origin. */
  readonly publicUrl: URL;
  /** The public URL of the MCP endpoint. */
  readonly resource: URL;
  /** Scopes that there is something to do with here. */
  readonly scopes: readonly Scope[];
  readonly store: Store;
  readonly telemetry: Telemetry;
  readonly fetch: GuardedFetch;
  readonly pages: AuthPages;
  readonly admit: Admit;
  readonly issuance: Issuance;
  readonly clock: Clock;
  /** Secrets that all processes share, the newest first: the same array until the ring turns. */
  readonly keyRing: { readonly keys: { readonly cookies: readonly string[] } };
  /** Takes notes of what is no audit event, but a step of a client on its way here. */
  readonly connections: ConnectionNotes;
}

export interface Auth {
  /** Metadata, the endpoints of OAuth, and the pages: to be mounted at the root, with no body parser ahead. */
  readonly routes: readonly RequestHandler[];
  /** Sets the principal of a request's context, or refuses the request. */
  readonly requirePrincipal: RequestHandler;
  /** The `WWW-Authenticate` value that belongs to an error at a route, where one does. */
  readonly challenge: (error: AppError, route: string) => string | undefined;
  /** Calls the listener with the `authority` of whatever is revoked, in whichever process; answers how to stop. */
  onRevoked(listener: (authority: string) => void): () => void;
  /** Asks the store, for what may not have been heard: a message can be lost. */
  isRevoked(principal: Principal): Promise<boolean>;
  /** Of what stands behind it: whoever issues tokens elsewhere. */
  readonly checks: readonly HealthCheck[];
  /** A new one-time link for the owner account, good for an hour; undefined when there is an account. */
  setupUrl(): Promise<URL | undefined>;
  close(): Promise<void>;
}
