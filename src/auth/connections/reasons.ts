/** What a refusal means, and what to do about it. */
export interface Reason {
  readonly meaning: string;
  readonly next: string;
}

/** Every reason that the connection log gives for a refusal. docs/connections.md has the same table. */
export const REASONS = {
  // At the MCP URL.
  token_missing: {
    meaning: 'The request had no access token. Every connection begins like this.',
    next: 'nothing, if the client goes on to sign in; otherwise sign in from the client, and let it send the token in the Authorization header',
  },
  token_expired: {
    meaning: 'The access token has expired, as it does after minutes.',
    next: 'nothing, if the client then uses its refresh token; otherwise sign in again',
  },
  token_revoked: { meaning: 'The grant that the token came of was ended.', next: 'sign in again' },
  wrong_audience: {
    meaning: 'The token was issued for another address than this MCP URL.',
    next: 'let the client send resource=<MCP URL>, and make PUBLIC_URL the address that clients use',
  },
  wrong_issuer: {
    meaning: 'The token was issued by another authorization server.',
    next: 'make PUBLIC_URL the origin that clients use; in mode external, list the issuer',
  },
  not_access_token: {
    meaning: 'An ID token or another kind of token was sent.',
    next: 'let the client send the access_token of the token answer',
  },
  token_not_yet_valid: {
    meaning: 'The token begins to be valid later than now.',
    next: 'synchronise the clocks of all machines',
  },
  token_bound: {
    meaning: 'The token is bound to a key, and the proof for it is missing or wrong.',
    next: 'let the client send a DPoP proof with each request, and check its clock',
  },
  token_invalid: {
    meaning: 'The signature or form of the token is wrong. It is also so after the key files were lost.',
    next: 'sign in again',
  },
  several_authorizations: {
    meaning: 'The request had more than one Authorization header.',
    next: 'see whether a proxy adds its own',
  },
  scopes_missing: {
    meaning: 'The token lacks a scope that the call needs. A client asks the person for it next.',
    next: 'if it repeats, let the client sign in again, and see what the account and the policy may allow',
  },
  origin_refused: {
    meaning: 'The request came from a web page of an origin that is not allowed.',
    next: 'add the origin to FAIRLEAD_HTTP_ALLOWED_ORIGINS, if you know the page',
  },
  host_refused: {
    meaning: 'The request named a host that is not the public one.',
    next: 'set PUBLIC_URL to the address that clients use, and let the proxy keep the Host header',
  },
  rate_limited: {
    meaning: 'There were too many requests from this address.',
    next: 'wait a minute; if many people share the address, raise the limits under http.rateLimits',
  },
  unavailable: {
    meaning: 'Something that is needed to answer was not available, such as the store or an issuer’s keys.',
    next: 'see the log of the server for the cause; clients try again by themselves',
  },
  not_served: {
    meaning: 'There is nothing at the address that was asked for.',
    next: 'check the URL in the client; it should be the MCP URL, letter by letter',
  },
  form_refused: {
    meaning: 'A form came too late, twice, or from another browser than the one that was shown it.',
    next: 'start again from the client, and finish in the browser window that it opens',
  },
  // At the authorization server.
  client_unknown: {
    meaning: 'The client is not known here: its registration has expired or was removed.',
    next: 'remove the server in the client and add it again, so that it registers anew',
  },
  document_unusable: {
    meaning: 'The metadata document of the client could not be fetched, or is not in order.',
    next: 'open the address of the document from this machine: it has to be public, https, small, and name itself as client_id',
  },
  redirect_mismatch: {
    meaning: 'The redirect URI is not one that the client has registered.',
    next: 'remove the server in the client and add it again; if it repeats, tell whoever makes the client',
  },
  redirect_not_allowed: {
    meaning: 'A redirect URI is neither https, nor http on loopback, nor of an allowed scheme.',
    next: 'add the scheme to auth.registration.allowedRedirectSchemes, if you know the client',
  },
  metadata_refused: {
    meaning: 'What the client says about itself was not accepted.',
    next: 'see the detail, and tell whoever makes the client',
  },
  registration_off: {
    meaning: 'Clients may not register themselves here.',
    next: 'declare the client under auth.clients, or open registration',
  },
  registrations_full: {
    meaning: 'As many clients are registered as may be.',
    next: 'remove unused ones in the administration, or raise auth.registration.maxClients',
  },
  pkce_missing: {
    meaning: 'The client sent no code_challenge, or not with S256.',
    next: 'use a client that does PKCE, as OAuth 2.1 and MCP demand',
  },
  verifier_wrong: {
    meaning: 'The code_verifier does not belong to the code_challenge of the request.',
    next: 'start again from the client; if it repeats, tell whoever makes it',
  },
  response_type: {
    meaning: 'The client asked for something else than a code.',
    next: 'use a client that speaks the authorization code flow',
  },
  scope_unknown: {
    meaning: 'None of the scopes that were asked for exists here.',
    next: 'let the client ask for scopes of the metadata, or for none',
  },
  wrong_resource: {
    meaning: 'The resource that the client named is not this MCP URL.',
    next: 'enter the MCP URL in the client exactly, and make PUBLIC_URL the address that clients use',
  },
  denied: {
    meaning: 'The person did not allow it, or may not allow any of the scopes.',
    next: 'ask the person; see which scopes their account and groups may allow',
  },
  interaction_required: {
    meaning: 'The client asked for an answer without a page, but a person has to act.',
    next: 'let the client ask without prompt=none',
  },
  code_unknown: {
    meaning: 'The code is unknown or has expired: it is good for a minute.',
    next: 'start again from the client; check whether it is slow to come back, or its callback is called twice',
  },
  code_used: {
    meaning: 'The code was used before. The grant has been ended, as one of the two may have been a thief.',
    next: 'start again from the client; if it repeats, tell whoever makes it',
  },
  refresh_unknown: {
    meaning: 'The refresh token is unknown, expired or revoked.',
    next: 'sign in again; auth.refreshTokenTtlSeconds says how long a client may stay away',
  },
  refresh_used: {
    meaning: 'The refresh token was used before. The grant has been ended, as one of the two may be a thief.',
    next: 'sign in again; if it repeats, see whether two installations share one token store',
  },
  client_mismatch: {
    meaning: 'The code or token belongs to another client.',
    next: 'let the client use what was issued to it; remove the server in the client and add it again',
  },
  grant_refused: {
    meaning:
      'The code, token or assertion is not good any more, or belongs to somebody who is disabled or gone.',
    next: 'sign in again; see the detail and the state of the account',
  },
  client_authentication: {
    meaning: 'The client is unknown or did not prove who it is.',
    next: 'check client_id and secret; or remove the server in the client and add it again',
  },
  grant_not_allowed: {
    meaning: 'The client may not use this kind of grant.',
    next: 'declare the client with this kind under auth.clients, if it should',
  },
  request_malformed: {
    meaning: 'A parameter of the request is missing or malformed.',
    next: 'see the detail, and tell whoever makes the client',
  },
  sign_in_failed: {
    meaning: 'The e-mail address or password was wrong.',
    next: 'set a new password for the person, if they have forgotten it',
  },
  password_not_allowed: {
    meaning: 'The person may not sign in with a password here.',
    next: 'let them sign in at the identity provider, or see which accounts may use a password',
  },
  provider_refused: {
    meaning: 'The identity provider did not let the person in, or what it said was not accepted.',
    next: 'see the detail, the settings of the provider here, and its own log',
  },
  sign_in_delayed: {
    meaning: 'There were so many failed sign-ins that the next has to wait.',
    next: 'wait; if nobody you know tried, somebody is guessing',
  },
  sign_in_busy: {
    meaning: 'Too many passwords were being checked at the same time.',
    next: 'try again in a few seconds',
  },
  other: { meaning: 'It was refused.', next: 'see the detail, and the audit log at this time' },
} as const satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof REASONS;

/** The reason with this code, as stored by any version. */
export function reasonWith(code: string): Reason {
  return Object.hasOwn(REASONS, code) ? REASONS[code as ReasonCode] : REASONS.other;
}
