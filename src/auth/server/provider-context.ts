import type { Clock } from '../../core/clock.ts';
import type { Issuance } from '../../core/principal.ts';
import type { Scope } from '../../core/scopes.ts';
import type { Store } from '../../core/store.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import type { GuardedFetch } from '../auth.ts';
import type { ConnectionNotes } from '../connections/index.ts';
import type { AuthOptions } from '../options.ts';
import type { AuthPages } from '../pages.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { IdentityProviders } from './federation/identity-providers.ts';
import type { People } from './federation/people.ts';
import type { UpstreamAccess } from './federation/upstream-access.ts';
import type { AcquaintedBudget } from './clients/fetch-budget.ts';
import type { Grants } from './tokens/grants.ts';
import type { MetadataDocuments } from './clients/metadata-documents.ts';

export interface ProviderContext {
  readonly issuer: string;
  /** The public URL of the MCP endpoint. */
  readonly resource: string;
  /** Scopes that there is something to do with here. */
  readonly scopes: readonly Scope[];
  readonly options: AuthOptions;
  readonly store: Store;
  readonly clock: Clock;
  readonly issuance: Issuance;
  readonly accounts: Accounts;
  readonly identityProviders: IdentityProviders;
  readonly people: People;
  readonly upstream: UpstreamAccess;
  readonly grants: Grants;
  readonly documents: MetadataDocuments;
  /** How often the keys of clients may be fetched. */
  readonly keySets: AcquaintedBudget;
  readonly fetch: GuardedFetch;
  readonly pages: AuthPages;
  readonly telemetry: Telemetry;
  readonly connections: ConnectionNotes;
}
