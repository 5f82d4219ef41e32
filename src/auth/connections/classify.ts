import type { AppError, AppErrorCode } from '../../core/errors.ts';
import type { AuditEvent } from '../../core/telemetry.ts';
import type { ReasonCode } from './reasons.ts';

type Rule = readonly [pattern: RegExp, reason: ReasonCode];

/** What the detail or description of a refusal says, whatever its code; the first that fits counts. */
const BY_TEXT: readonly Rule[] = [
  [/metadata document|client is not allowed/i, 'document_unusable'],
  [/PKCE verification failed|code_verifier/i, 'verifier_wrong'],
  [/PKCE|code_challenge/i, 'pkce_missing'],
  [/redirect_uris? must/i, 'redirect_not_allowed'],
  [/redirect_uri/i, 'redirect_mismatch'],
  [/authorization code .*(consumed|used)|^already used$/i, 'code_used'],
  [/authorization code .*(not found|expired)/i, 'code_unknown'],
  [/refresh token already used/i, 'refresh_used'],
  [/refresh token .*(not found|expired)/i, 'refresh_unknown'],
  [/client mismatch/i, 'client_mismatch'],
  [/client not found|client is invalid/i, 'client_unknown'],
  [/none of the requested scopes/i, 'scope_unknown'],
];

/** What is left is told by the OAuth error. */
const BY_ERROR: Readonly<Record<string, ReasonCode>> = {
  access_denied: 'denied',
  consent_required: 'interaction_required',
  interaction_required: 'interaction_required',
  invalid_client: 'client_authentication',
  invalid_client_metadata: 'metadata_refused',
  invalid_dpop_proof: 'token_bound',
  invalid_grant: 'grant_refused',
  invalid_redirect_uri: 'redirect_mismatch',
  invalid_request: 'request_malformed',
  invalid_scope: 'scope_unknown',
  invalid_target: 'wrong_resource',
  login_required: 'interaction_required',
  server_error: 'unavailable',
  temporarily_unavailable: 'registrations_full',
  unauthorized_client: 'grant_not_allowed',
  unsupported_grant_type: 'grant_not_allowed',
  unsupported_response_type: 'response_type',
};

/** What sign-ins give as their reason. */
const BY_REASON: Readonly<Record<string, ReasonCode>> = {
  credentials: 'sign_in_failed',
  delayed: 'sign_in_delayed',
  busy: 'sign_in_busy',
  password_not_allowed: 'password_not_allowed',
  provider_unavailable: 'unavailable',
};

/** The fault of an access token, by what the client is told of it. */
const BY_MESSAGE: readonly Rule[] = [
  [/has expired/, 'token_expired'],
  [/revoked/, 'token_revoked'],
  [/another resource/, 'wrong_audience'],
  [/another authorization server/, 'wrong_issuer'],
  [/not an access token/, 'not_access_token'],
  [/not valid yet/, 'token_not_yet_valid'],
  [/bound to|DPoP|proof/i, 'token_bound'],
];

/** Refusals of requests that mean one thing only. */
const BY_CODE: Partial<Record<AppErrorCode, ReasonCode>> = {
  UNAUTHENTICATED: 'token_missing',
  INVALID_PROOF: 'token_bound',
  SCOPE_REQUIRED: 'scopes_missing',
  ORIGIN_REFUSED: 'origin_refused',
  HOST_REFUSED: 'host_refused',
  RATE_LIMITED: 'rate_limited',
  UNAVAILABLE: 'unavailable',
};

/** A person's own answer. */
const DENIALS: ReadonlySet<string> = new Set(['consent.denied', 'device.denied']);

/** Why the request of an audit event was refused. */
export function reasonOfEvent({ action, outcome, details = {} }: AuditEvent): ReasonCode | undefined {
  if (outcome === 'success') return undefined;
  if (DENIALS.has(action)) return 'denied';
  const told = toldBy(details);
  // At registration the redirect URI is not compared with anything yet.
  if (action === 'registration.refused' && told === 'redirect_mismatch') return 'redirect_not_allowed';
  if (told !== undefined) return told;
  return isAtProvider(details) ? 'provider_refused' : (entryOf(BY_ERROR, details['error']) ?? 'other');
}

function isAtProvider({ method, provider }: NonNullable<AuditEvent['details']>): boolean {
  return method === 'provider' || provider !== undefined;
}

function toldBy(details: NonNullable<AuditEvent['details']>): ReasonCode | undefined {
  const text = [details['detail'], details['description'], details['reason']].filter(isText).join(' ');
  const rule = BY_TEXT.find(([pattern]) => pattern.test(text));
  return rule?.[1] ?? entryOf(BY_REASON, details['reason']);
}

/** Why a request was refused before the authorization server or a tool saw it. Undefined: of no interest here. */
export function reasonOfError({ code, message }: AppError, route: string): ReasonCode | undefined {
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (code === 'INVALID_TOKEN') {
    return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ?? 'token_invalid';
  }
  if (code === 'NOT_FOUND') return route === '/register' ? 'registration_off' : undefined;
  if (code !== 'BAD_REQUEST') return undefined;
  if (route === '/interaction') return 'form_refused';
  return message.includes('Authorization header') ? 'several_authorizations' : undefined;
}

function entryOf(table: Readonly<Record<string, ReasonCode>>, key: unknown): ReasonCode | undefined {
  return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
