import type { AppError, AppErrorCode } from '../core/errors.ts';
import type { Scope } from '../core/scopes.ts';
import { PROOF_ALGORITHMS } from './dpop/algorithms.ts';
import type { DpopOption } from './options/dpop.ts';

interface ChallengeOptions {
  /** Absolute: clients ignore a relative one. */
  readonly resourceMetadata: URL;
  /** What a client without a token should ask for. */
  readonly defaultScopes: readonly Scope[];
  readonly dpop: DpopOption;
}

/** The `WWW-Authenticate` value that belongs to an error; undefined where a token would not help. */
export type Challenge = (error: AppError) => string | undefined;

const MAX_DESCRIPTION = 200;

/** What is wrong with a proof; there is none where the scheme is Bearer (RFC 9449 §7.1, §9). */
const PROOF_ERRORS: Partial<Record<AppErrorCode, string>> = {
  INVALID_PROOF: 'invalid_dpop_proof',
  NONCE_REQUIRED: 'use_dpop_nonce',
};

/**
 * Challenges of the schemes that are taken (RFC 6750 §3, RFC 9728 §5.1, RFC 9449 §7.1). A `realm` would only
 * repeat the metadata's address, and `error` stands only where a token was presented. Bearer comes first and
 * each scheme says everything: many clients look for a parameter, wherever it stands.
 */
export function createChallenge({ resourceMetadata, defaultScopes, dpop }: ChallengeOptions): Challenge {
  const start = `resource_metadata="${resourceMetadata.href}"`;
  const signIn = `${start}, scope="${defaultScopes.join(' ')}"`;
  return function challenge(error) {
    const proofError = PROOF_ERRORS[error.code];
    if (proofError !== undefined) return withDpop(`${signIn}, error="${proofError}", ${describe(error)}`);
    const parameters = parametersOf(error);
    if (parameters === undefined) return undefined;
    const schemes = [
      ...(dpop === 'required' ? [] : [`Bearer ${parameters}`]),
      ...(dpop === 'off' ? [] : [withDpop(parameters)]),
    ];
    return schemes.join(', ');
  };

  function parametersOf(error: AppError): string | undefined {
    if (error.code === 'UNAUTHENTICATED') return signIn;
    if (error.code === 'INVALID_TOKEN') return `${signIn}, error="invalid_token", ${describe(error)}`;
    if (error.code !== 'SCOPE_REQUIRED') return undefined;
    const scope = error.scopes.map(scopeToken).join(' ');
    return `${start}, scope="${scope}", error="insufficient_scope", ${describe(error)}`;
  }
}

function withDpop(parameters: string): string {
  return `DPoP ${parameters}, algs="${PROOF_ALGORITHMS.join(' ')}"`;
}

/** Only what RFC 6750 §3 allows in `error_description`: no quote or backslash, nothing outside of ASCII. */
function describe({ message }: AppError): string {
  const quotable = message
    .replaceAll('"', "'")
    .replace(/[^\x20-\x7e]|\\/g, '?')
    .slice(0, MAX_DESCRIPTION);
  return `error_description="${quotable}"`;
}

/** Only what RFC 6749 §3.3 allows in the name of a scope. */
function scopeToken(name: string): string {
  return name.replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, '');
}
