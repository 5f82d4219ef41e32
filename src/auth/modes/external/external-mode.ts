import { decodeJwt } from 'jose/jwt/decode';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import type { Clock } from '../../../core/clock.ts';
import type { HealthCheck } from '../../../core/health.ts';
import type { Admit } from '../../../core/principal.ts';
import type { Store } from '../../../core/store.ts';
import type { Logger } from '../../../core/telemetry.ts';
import type { ExternalOptions } from '../../options/external.ts';
import { invalidToken } from '../../token-fault.ts';
import { rememberVerified, type TokenAuthenticator } from '../verified-tokens.ts';
import { createIntrospectingIssuer } from './introspecting-issuer.ts';
import { createIssuerFetch } from './issuer-fetch.ts';
import { createJwtIssuer } from './jwt-issuer.ts';
import type { TokenIssuer } from './token-issuer.ts';

export interface ExternalModeContext {
  /** The public URL of the MCP endpoint: the audience of tokens where nothing else is configured. */
  readonly resource: URL;
  readonly store: Pick<Store, 'get' | 'subscribe'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly admit: Admit;
}

export interface ExternalMode extends TokenAuthenticator {
  /** Degraded while tokens of an issuer cannot be judged. */
  readonly health: HealthCheck;
}

/** Judges the access tokens that others issue. What they need of the issuers is got in the background. */
export async function createExternalMode(
  options: ExternalOptions,
  context: ExternalModeContext,
): Promise<ExternalMode> {
  const { issuers: configured, ...external } = options;
  const fetch = createIssuerFetch(external.timeoutMs);
  const issuers = configured.map((issuer): TokenIssuer => {
    const { audience = [context.resource.href], type } = issuer;
    const create = type === 'jwt' ? createJwtIssuer : createIntrospectingIssuer;
    return create({ ...context, external, options: issuer, audience, fetch });
  });
  for (const issuer of issuers) issuer.prepare();
  const authenticator = await rememberVerified({
    ...context,
    verify: (token, tokenHash) => issuerOf(token, issuers).verify(token, tokenHash),
  });
  return { ...authenticator, health: healthOf(issuers) };
}

/**
 * Who has to judge a token. One that says who issued it is shown to nobody else.
 *
 * @throws AppError `INVALID_TOKEN` when nobody has to
 */
function issuerOf(token: string, issuers: readonly TokenIssuer[]): TokenIssuer {
  const named = isJose(token) ? claimedIssuer(token) : undefined;
  const judge = issuers.find(({ issuer, takesOpaque }) =>
    named === undefined ? takesOpaque : issuer === named.issuer,
  );
  if (judge !== undefined) return judge;
  throw invalidToken(
    named === undefined
      ? 'The access token is not valid.'
      : 'The access token was issued by another authorization server.',
  );
}

/** Whether somebody has signed or encrypted it, who can then be told only by what is inside. */
function isJose(token: string): boolean {
  try {
    decodeProtectedHeader(token);
    return true;
  } catch {
    return false;
  }
}

/** Not verified yet: it says whose keys the token has to be verified with, by the issuer itself. */
function claimedIssuer(token: string): { readonly issuer: string | undefined } {
  try {
    return { issuer: decodeJwt(token).iss };
  } catch {
    return { issuer: undefined };
  }
}

function healthOf(issuers: readonly TokenIssuer[]): HealthCheck {
  return {
    name: 'issuers',
    check() {
      for (const issuer of issuers) issuer.prepare();
      const failing = issuers.filter(({ failure }) => failure !== undefined);
      if (failing.length === 0) return Promise.resolve({ status: 'ok' });
      const detail = `tokens of ${failing.map(({ issuer }) => issuer).join(', ')} may not be judged`;
      return Promise.resolve({ status: 'degraded', detail });
    },
  };
}
