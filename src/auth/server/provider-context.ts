import type { Clock } from '../../core/clock.ts';
import type { Scope } from '../../core/scopes.ts';
import type { Store } from '../../core/store.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import type { AuthOptions } from '../options.ts';
import type { AuthPages } from '../pages.ts';
import type { Accounts } from './accounts.ts';
import type { Grants } from './grants.ts';
import type { MetadataDocuments } from './metadata-documents.ts';

/** The fetch for what clients name: it reaches no private address. */
export type GuardedFetch = (url: string, init?: RequestInit) => Promise<Response>;

export interface ProviderContext {
  readonly issuer: string;
  /** The public URL of the MCP endpoint. */
  readonly resource: string;
  /** Scopes that there is something to do with here. */
  readonly scopes: readonly Scope[];
  readonly options: AuthOptions;
  readonly store: Store;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly documents: MetadataDocuments;
  readonly fetch: GuardedFetch;
  readonly pages: AuthPages;
  readonly telemetry: Telemetry;
}
