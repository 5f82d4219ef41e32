import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { contextOf } from '../../core/request-context.ts';
import type { AuthOutcome, Telemetry } from '../../core/telemetry.ts';
import type { ConnectionNotes } from '../connections/index.ts';
import type { ClientAdapter } from './clients/client-adapter.ts';
import type { Grants } from './tokens/grants.ts';
import type { MetadataDocuments } from './clients/metadata-documents.ts';

interface ObserverContext {
  readonly telemetry: Telemetry;
  readonly grants: Grants;
  readonly clock: Clock;
  readonly documents: MetadataDocuments;
  readonly connections: ConnectionNotes;
}

/** The audit action of a refused request, by the step that metrics count it under. */
const REFUSALS = {
  authorize: 'authorization.refused',
  token: 'grant.refused',
  register: 'registration.refused',
  revoke: 'revocation.refused',
  introspect: 'introspection.refused',
} as const;

/** Answers that tell a device to ask again (RFC 8628 §3.5). */
const POLLING: ReadonlySet<string> = new Set(['authorization_pending', 'slow_down']);

/** Characters of a client id that are kept of a client that is not known. */
const MAX_CLAIMED = 200;

type Step = keyof typeof REFUSALS;

type Failure = errors.OIDCProviderError;

/** Counts and records what the provider does. */
export function observeProvider(provider: Provider, context: ObserverContext, clients: ClientAdapter): void {
  const { telemetry } = context;
  const { metrics } = telemetry;
  provider.on('grant.success', (request) => {
    metrics.auth('token', 'ok');
    telemetry.audit({
      action: 'token.issued',
      outcome: 'success',
      ...actorsOf(request),
      details: grantOf(request),
    });
    const clientId = request.oidc.client?.clientId;
    if (clientId !== undefined) keepClient(request, clients, clientId);
    noteUse(request, context);
  });
  provider.on('authorization.success', (request) => {
    // Its code is still to be redeemed.
    const clientId = request.oidc.client?.clientId;
    if (clientId !== undefined) keepClient(request, clients, clientId);
  });
  provider.on('registration_create.success', (request, client) => {
    metrics.auth('register', 'ok');
    telemetry.audit({
      action: 'client.registered',
      outcome: 'success',
      clientId: client.clientId,
      address: contextOf(request.req).address,
      details: { name: client.clientName ?? '', redirectUris: [...(client.redirectUris ?? [])] },
    });
  });
  provider.on('grant.revoked', (request) => {
    if (request.oidc.route === 'revocation') metrics.auth('revoke', 'ok');
    telemetry.audit({ action: 'grant.revoked', outcome: 'success', ...actorsOf(request) });
  });
  observeFailures(provider, context);
}

function observeFailures(provider: Provider, { telemetry, documents, connections }: ObserverContext): void {
  const record = (step: Step, request: KoaContextWithOIDC, error: Failure): void => {
    // No refusal: every client that uses DPoP is told its first nonce so (RFC 9449 §8).
    if (error.error === 'use_dpop_nonce') return;
    const { client, params } = request.oidc;
    if (client === undefined) documents.provedUseless(String(params?.['client_id']));
    telemetry.metrics.auth(step, outcomeOf(error));
    telemetry.audit({
      action: REFUSALS[step],
      outcome: 'denied',
      ...actorsOf(request),
      details: {
        error: error.error,
        ...(error.error_detail === undefined ? {} : { detail: error.error_detail }),
        ...(error.error_description === undefined ? {} : { description: error.error_description }),
        ...(client === undefined ? claimedClient(params?.['client_id']) : {}),
      },
    });
  };
  provider.on('grant.error', (request, error) => {
    // A device asks until a person has answered.
    if (!POLLING.has(error.error)) record('token', request, error);
  });
  provider.on('authorization.error', (request, error) => {
    record('authorize', request, error);
  });
  provider.on('pushed_authorization_request.error', (request, error) => {
    record('authorize', request, error);
  });
  provider.on('registration_create.error', (request, error) => {
    record('register', request, error);
  });
  provider.on('revocation.error', (request, error) => {
    // Answered by what serves structured tokens.
    if (error.error !== 'unsupported_token_type') record('revoke', request, error);
  });
  provider.on('introspection.error', (request, error) => {
    // Answered there as well.
    if (error.error !== 'unsupported_token_type') record('introspect', request, error);
  });
  provider.on('interaction.started', (request) => {
    // Once for each request, whatever pages follow.
    if (request.oidc.route !== 'authorization') return;
    connections.note({ action: 'authorization.begun', outcome: 'success', ...actorsOf(request) });
  });
  provider.on('authorization.success', () => {
    telemetry.metrics.auth('authorize', 'ok');
  });
  provider.on('server_error', (request, error: Error) => {
    contextOf(request.req).logger.error(
      { err: error, path: request.path },
      'The authorization server failed',
    );
    if (error instanceof AppError) answerAs(request, error);
  });
}

/** Which client it says it is, where that is none that is known here. */
function claimedClient(id: unknown): { claimedClient?: string } {
  return typeof id === 'string' ? { claimedClient: id.slice(0, MAX_CLAIMED) } : {};
}

/** An outage of ours is told from a fault, so that clients come back. */
function answerAs(request: KoaContextWithOIDC, { status, retryAfter }: AppError): void {
  request.status = status;
  if (retryAfter !== undefined) request.set('Retry-After', String(retryAfter));
}

/** Registered clients are kept for as long as they are used. */
function keepClient(request: KoaContextWithOIDC, clients: ClientAdapter, clientId: string): void {
  clients.renew(clientId).catch((error: unknown) => {
    contextOf(request.req).logger.warn({ err: error }, 'The registration of a client could not be renewed');
  });
}

/** For the account page: a client that refreshes its token is in use. */
function noteUse(request: KoaContextWithOIDC, { grants, clock }: ObserverContext): void {
  const { account, entities } = request.oidc;
  const grantId = entities.AccessToken?.grantId;
  if (account === undefined || grantId === undefined) return;
  grants.noteUse(account.accountId, grantId, clock.now()).catch((error: unknown) => {
    contextOf(request.req).logger.warn({ err: error }, 'The use of a grant could not be noted');
  });
}

function actorsOf(request: KoaContextWithOIDC): { subject?: string; clientId?: string; address: string } {
  const { account, client } = request.oidc;
  return {
    ...(account === undefined ? {} : { subject: account.accountId }),
    ...(client === undefined ? {} : { clientId: client.clientId }),
    address: contextOf(request.req).address,
  };
}

function grantOf({ oidc }: KoaContextWithOIDC): Record<string, string> {
  const token = oidc.entities.AccessToken ?? oidc.entities.ClientCredentials;
  return { grantType: String(oidc.params?.['grant_type']), scope: token?.scope ?? '' };
}

function outcomeOf(error: Failure): AuthOutcome {
  if (error.error === 'access_denied') return 'refused';
  return error.statusCode < 500 ? 'invalid' : 'unavailable';
}
