import type { RequestHandler } from 'express';
import type { Telemetry } from '../../core/telemetry.ts';
import type { AuthContext } from '../auth.ts';
import type { AuthOptions } from '../options.ts';
import { accountRoutes } from './account-pages/account-page.ts';
import { adminRoutes } from './admin/index.ts';
import { type Account, openAccounts } from './accounts/accounts.ts';
import { assertDeclaredGrants } from './clients/declared-grants.ts';
import { callbackRoute } from './federation/callback-route.ts';
import { createFederation } from './federation/create-federation.ts';
import { mayUsePassword } from './federation/sign-in-choices.ts';
import { AcquaintedBudget } from './clients/fetch-budget.ts';
import { FormTokens } from './forms/form-token.ts';
import { Grants } from './tokens/grants.ts';
import { interactionRoutes } from './consent/interactions.ts';
import type { KeyRing, Keys } from './keys.ts';
import { LoginDelay } from './sign-in/login-delay.ts';
import { metadataRoutes } from './metadata.ts';
import { MetadataDocuments } from './clients/metadata-documents.ts';
import { OwnerSetup } from './accounts/owner-setup.ts';
import { PasskeySignIn } from './sign-in/passkey-sign-in.ts';
import { Passkeys } from './sign-in/passkeys.ts';
import { PasswordHasher } from './sign-in/password.ts';
import { protocolRoutes } from './protocol-routes.ts';
import { ProviderHolder } from './provider-holder.ts';
import { setPasswordRoutes } from './account-pages/set-password-page.ts';
import { setupRoutes } from './account-pages/setup-page.ts';
import { PasswordSignIn } from './sign-in/sign-in.ts';

export interface AuthorizationServerContext extends AuthContext {
  readonly keyRing: KeyRing;
  /** Binary logarithm of scrypt's work factor. Default 17. */
  readonly passwordCost?: number | undefined;
}

export interface AuthorizationServer {
  readonly routes: readonly RequestHandler[];
  /** The keys of the moment. */
  readonly keys: () => Keys;
  setupUrl(): Promise<URL | undefined>;
}

/** The embedded authorization server: accounts, sign-in, consent, and the endpoints of OAuth. */
export async function createAuthorizationServer(
  options: AuthOptions,
  context: AuthorizationServerContext,
): Promise<AuthorizationServer> {
  assertDeclaredGrants(options);
  const { publicUrl, store, clock, telemetry, keyRing: ring } = context;
  const accounts = openAccounts({ store, clock, hasher: new PasswordHasher(context.passwordCost) });
  const setup = new OwnerSetup({ accounts, store });
  await createConfiguredOwner(options, setup, telemetry);
  const delay = new LoginDelay(options.login, context);
  const maySignInHere = (account: Account): boolean => mayUsePassword(options, account);
  const passkeys = new Passkeys({ issuer: publicUrl.origin, store, clock, accounts, maySignInHere });
  const grants = new Grants(store);
  const shared = {
    ...context,
    options,
    issuer: publicUrl.origin,
    resource: context.resource.href,
    accounts,
    setup,
    grants,
    ...createFederation(options.mode === 'broker' ? options.identityProviders : [], {
      ...context,
      ...{ accounts, grants, issuer: publicUrl.origin },
    }),
    documents: new MetadataDocuments(clock),
    keySets: new AcquaintedBudget(),
    forms: new FormTokens({ secure: publicUrl.protocol === 'https:', secrets: () => ring.keys.cookies }),
    signIn: new PasswordSignIn({ accounts, telemetry, delay, mayUsePassword: maySignInHere }),
    passkeys,
    passkeySignIn: new PasskeySignIn({ passkeys, telemetry, delay }),
  };
  const holder = new ProviderHolder(shared, ring);
  const pages = { ...shared, holder };
  return {
    routes: [
      metadataRoutes({ ...shared, resource: context.resource, ring }),
      pinPublicUrl(publicUrl),
      protocolRoutes(shared, holder),
      interactionRoutes(pages),
      callbackRoute(pages),
      accountRoutes(pages),
      setupRoutes(pages),
      setPasswordRoutes(pages),
      adminRoutes(pages),
    ],
    keys: () => ring.keys,
    setupUrl: async () => {
      const token = await setup.issue();
      return token === undefined ? undefined : new URL(`/setup/${token}`, publicUrl);
    },
  };
}

async function createConfiguredOwner(
  { owner: { email, password } }: AuthOptions,
  setup: OwnerSetup,
  telemetry: Telemetry,
): Promise<void> {
  if (email === undefined || password === undefined) return;
  const account = await setup.ensure({ email, password });
  if (account === undefined) return;
  telemetry.audit({
    action: 'account.created',
    outcome: 'success',
    subject: account.id,
    details: { role: account.role },
  });
}

/** The provider makes URLs and cookies from the request: it sees the public origin, whoever asked and how. */
function pinPublicUrl(publicUrl: URL): RequestHandler {
  const scheme = publicUrl.protocol.slice(0, -1);
  return function pinPublicUrl({ headers }, _response, next) {
    headers.host = publicUrl.host;
    headers['x-forwarded-proto'] = scheme;
    delete headers['x-forwarded-host'];
    delete headers.forwarded;
    next();
  };
}
