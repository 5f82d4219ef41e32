import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Clock } from '../../core/clock.ts';
import type { AppError } from '../../core/errors.ts';
import type { Principal } from '../../core/principal.ts';
import { contextOf } from '../../core/request-context.ts';
import type { AuditEvent, Telemetry } from '../../core/telemetry.ts';
import { reasonOfError } from './classify.ts';
import type { ConnectionEvent, ConnectionNotes } from './connection-log.ts';
import { MinuteBudget } from './minute-budget.ts';
import { networkOf } from '../network.ts';
import type { ReasonCode } from './reasons.ts';
import { OWN_ACTIONS } from './step.ts';

const RESOURCE_METADATA = '/.well-known/oauth-protected-resource';
const SERVER_METADATA = /\/\.well-known\/(oauth-authorization-server|openid-configuration)(\/|$)/;

type Refusal = ConnectionEvent & { readonly reason: ReasonCode };

/** Where the notes of the connection log are taken. */
export interface ConnectionObserver extends ConnectionNotes {
  /** The same telemetry, every audit event of which becomes a step as well. */
  readonly telemetry: Telemetry;
  /** Goes ahead of the routes: tells of metadata that are fetched, and which software asks. */
  readonly requests: RequestHandler;
  /** The same handler, which lets clients through: the first that each client gets through in an hour is a step. */
  passing(requirePrincipal: RequestHandler): RequestHandler;
  /** To be told of every request that was refused with an error. */
  readonly refused: (error: AppError, request: IncomingMessage) => void;
}

interface ObserverContext {
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

/** Characters of a header that was refused. */
const MAX_HEADER = 200;
/** Refusals that are in the audit log within a minute: of one network or client, and in all. */
const AUDITED = { each: 5, inAll: 200 };

/** Turns what happens around a log into its steps. */
export function observeConnections(
  log: ConnectionNotes,
  { telemetry, clock }: ObserverContext,
): ConnectionObserver {
  const agents = new AsyncLocalStorage<string | undefined>();
  const audited = new MinuteBudget(clock, AUDITED);
  const note = (event: ConnectionEvent): void => {
    const agent = event.agent ?? agents.getStore();
    log.note(agent === undefined ? event : { ...event, agent });
  };
  return {
    note,
    telemetry: {
      logger: telemetry.logger,
      metrics: telemetry.metrics,
      audit: (event) => {
        telemetry.audit(event);
        note(event);
      },
    },
    requests: function observeRequests(request, response, next) {
      const action = metadataAction(request.path);
      const agent = request.headers['user-agent'];
      if (action !== undefined) {
        const { address } = contextOf(request);
        const { path } = request;
        response.once('finish', () => {
          const found = response.statusCode < 400;
          const outcome = found ? 'success' : 'failure';
          const told = found ? { details: { path } } : { details: { path }, reason: 'not_served' as const };
          log.note({ action, outcome, address, agent, ...told });
        });
      }
      agents.run(agent, next);
    },
    passing: (requirePrincipal) => notePassing(log, requirePrincipal),
    refused: (error, request) => {
      const event = refusalOf(error, request);
      if (event === undefined) return;
      log.note({ ...event, agent: request.headers['user-agent'] });
      const { reason, clientId, address = '' } = event;
      if (AUDITED_HERE.has(reason) && audited.take(clientId ?? networkOf(address, 48)))
        telemetry.audit(auditOf(event));
    },
  };
}

function notePassing(log: ConnectionNotes, requirePrincipal: RequestHandler): RequestHandler {
  // An authenticator answers the same object for a token that it knows: the usual request costs one look.
  const seen = new WeakSet<Principal>();
  return function passing(request, response, next) {
    return requirePrincipal(request, response, (refusal?: unknown) => {
      const { principal, address } = contextOf(request);
      if (refusal === undefined && principal !== undefined && !seen.has(principal)) {
        seen.add(principal);
        const { clientId, subject } = principal;
        const agent = request.headers['user-agent'];
        log.note({ action: OWN_ACTIONS.firstRequest, outcome: 'success', clientId, subject, address, agent });
      }
      next(refusal);
    });
  };
}

function metadataAction(path: string): string | undefined {
  if (!path.includes('/.well-known/')) return undefined;
  if (path.startsWith(RESOURCE_METADATA)) return OWN_ACTIONS.resourceMetadata;
  return SERVER_METADATA.test(path) ? OWN_ACTIONS.serverMetadata : undefined;
}

function refusalOf(error: AppError, request: IncomingMessage): Refusal | undefined {
  const { address, route, principal } = contextOf(request);
  const reason = reasonOfError(error, route);
  if (reason === undefined) return undefined;
  return {
    action: ACTIONS[reason] ?? OWN_ACTIONS.refused,
    outcome: 'denied',
    address,
    reason,
    ...(principal === undefined ? {} : { clientId: principal.clientId, subject: principal.subject }),
    details: { detail: detailOf(error, request) },
  };
}

function auditOf({ reason, details, ...event }: Refusal): AuditEvent {
  return { ...event, details: { ...details, reason } };
}

/** Refusals that nothing else writes to the audit log. */
const AUDITED_HERE: ReadonlySet<ReasonCode> = new Set(['scopes_missing', 'origin_refused', 'host_refused']);

const ACTIONS: Partial<Record<string, string>> = {
  token_missing: OWN_ACTIONS.unauthenticated,
  scopes_missing: OWN_ACTIONS.scopesMissing,
  registration_off: 'registration.refused',
};

/** What the header said that was refused, or what is missing. */
function detailOf(error: AppError, { headers }: IncomingMessage): string {
  if (error.code === 'ORIGIN_REFUSED') return `Origin: ${cut(headers.origin)}`;
  if (error.code === 'HOST_REFUSED') return `Host: ${cut(headers.host)}`;
  return error.code === 'SCOPE_REQUIRED' ? error.scopes.join(' ') : error.message;
}

function cut(header: string | undefined): string {
  return (header ?? 'none').slice(0, MAX_HEADER);
}
