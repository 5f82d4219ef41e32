import { type RequestHandler, Router } from 'express';
import type { Clock } from '../../core/clock.ts';
import type { Scope } from '../../core/scopes.ts';
import type { Store } from '../../core/store.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import type { AuthOptions } from '../options.ts';
import type { AuthPages } from '../pages.ts';
import { accountRoutes } from './account-page.ts';
import { openAccounts } from './accounts.ts';
import { ENDPOINTS } from './endpoints.ts';
import { FormTokens } from './form-token.ts';
import { Grants } from './grants.ts';
import { interactionRoutes } from './interactions.ts';
import type { KeyRing, Keys } from './keys.ts';
import { LoginDelay } from './login-delay.ts';
import { metadataRoutes } from './metadata.ts';
import { MetadataDocuments } from './metadata-documents.ts';
import { OwnerSetup } from './owner-setup.ts';
import { PasswordHasher } from './password.ts';
import type { GuardedFetch } from './provider-context.ts';
import { ProviderHolder } from './provider-holder.ts';
import { setupRoutes } from './setup-page.ts';
import { PasswordSignIn } from './sign-in.ts';

export interface AuthorizationServerContext {
  /** The public origin, which is the issuer. */
  readonly publicUrl: URL;
  /** The public URL of the MCP endpoint. */
  readonly resource: URL;
  /** Scopes that there is something to do with here. */
  readonly scopes: readonly Scope[];
  readonly store: Store;
  readonly keyRing: KeyRing;
  readonly telemetry: Telemetry;
  /** For what clients name: reaches no private address. */
  readonly fetch: GuardedFetch;
  readonly pages: AuthPages;
  readonly clock: Clock;
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
  const { publicUrl, store, clock, telemetry, keyRing: ring } = context;
  const accounts = openAccounts({ store, clock, hasher: new PasswordHasher(context.passwordCost) });
  const setup = new OwnerSetup({ accounts, store });
  await createConfiguredOwner(options, setup, telemetry);
  const shared = {
    ...context,
    options,
    issuer: publicUrl.origin,
    resource: context.resource.href,
    accounts,
    setup,
    grants: new Grants(store),
    documents: new MetadataDocuments(clock),
    forms: new FormTokens({ secure: publicUrl.protocol === 'https:', secrets: () => ring.keys.cookies }),
    signIn: new PasswordSignIn({ accounts, telemetry, delay: new LoginDelay(options.login, context) }),
  };
  const holder = new ProviderHolder(shared, ring);
  const pages = { ...shared, holder };
  return {
    routes: [
      metadataRoutes({ ...shared, resource: context.resource, ring }),
      pinPublicUrl(publicUrl),
      protocolRoutes(options, holder),
      interactionRoutes(pages),
      accountRoutes(pages),
      setupRoutes(pages),
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

function protocolRoutes({ registration }: AuthOptions, holder: ProviderHolder): RequestHandler {
  const router = Router({ caseSensitive: true, strict: true });
  const handle: RequestHandler = async (request, response) => {
    // No body parser here: the provider reads the body itself, after it knows what it should be.
    const running = await holder.current();
    await running.handle(request, response);
  };
  const { authorization, token, revocation, introspection, pushed_authorization_request } = ENDPOINTS;
  router.get([authorization, `${authorization}/:uid`], handle);
  router.post([token, revocation, introspection, pushed_authorization_request], handle);
  if (registration.enabled) router.post(ENDPOINTS.registration, handle);
  return router;
}
