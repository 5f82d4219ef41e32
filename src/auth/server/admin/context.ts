import type { AuthContext } from '../../auth.ts';
import type { AuthOptions } from '../../options.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { UpstreamAccess } from '../federation/upstream-access.ts';
import type { FormTokens } from '../forms/form-token.ts';
import type { Grants } from '../tokens/grants.ts';
import type { ProviderHolder } from '../provider-holder.ts';
import type { PasswordSignIn } from '../sign-in/sign-in.ts';

/** What the administration works on. */
export interface AdminContext extends Pick<
  AuthContext,
  'store' | 'clock' | 'telemetry' | 'pages' | 'publicUrl' | 'scopes'
> {
  readonly options: AuthOptions;
  readonly holder: ProviderHolder;
  readonly accounts: Accounts;
  readonly upstream: UpstreamAccess;
  readonly grants: Grants;
  readonly forms: FormTokens;
  readonly signIn: PasswordSignIn;
}
