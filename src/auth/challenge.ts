import type { AppError } from '../core/errors.ts';
import type { Scope } from '../core/scopes.ts';

interface ChallengeOptions {
  /** Absolute: clients ignore a relative one. */
  readonly resourceMetadata: URL;
  /** What a client without a token should ask for. */
  readonly defaultScopes: readonly Scope[];
}

/** The `WWW-Authenticate` value that belongs to an error; undefined where a token would not help. */
export type Challenge = (error: AppError) => string | undefined;

const MAX_DESCRIPTION = 200;

/**
 * Bearer challenges (RFC 6750 §3, RFC 9728 §5.1). A `realm` would only repeat the metadata's address, and
 * `error` stands only where a token was presented.
 */
export function createChallenge({ resourceMetadata, defaultScopes }: ChallengeOptions): Challenge {
  const start = `Bearer resource_metadata="${resourceMetadata.href}"`;
  const signIn = `${start}, scope="${defaultScopes.join(' ')}"`;
  return function challenge(error) {
    if (error.code === 'UNAUTHENTICATED') return signIn;
    const description = `error_description="${quotable(error.message)}"`;
    if (error.code === 'INVALID_TOKEN') return `${signIn}, error="invalid_token", ${description}`;
    if (error.code !== 'SCOPE_REQUIRED') return undefined;
    const scope = error.scopes.map(scopeToken).join(' ');
    return `${start}, scope="${scope}", error="insufficient_scope", ${description}`;
  };
}

/** Only what RFC 6750 §3 allows in `error_description`: no quote or backslash, nothing outside of ASCII. */
function quotable(message: string): string {
  return message
    .replaceAll('"', "'")
    .replace(/[^\x20-\x7e]|\\/g, '?')
    .slice(0, MAX_DESCRIPTION);
}

/** Only what RFC 6749 §3.3 allows in the name of a scope. */
function scopeToken(name: string): string {
  return name.replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, '');
}
