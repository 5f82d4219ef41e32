import { type Configuration, errors, Provider } from 'oidc-provider';
import { contextOf } from '../../../core/request-context.ts';
import type { GuardedFetch } from '../../auth.ts';
import type { ProviderContext } from '../provider-context.ts';

type Judge = NonNullable<Configuration['assertJwtClientAuthClaimsAndHeader']>;

/**
 * Judges assertions by which clients authenticate (`private_key_jwt`) and whose signature is good. They must be
 * for the issuer alone (draft-ietf-oauth-rfc7523bis): what is for an endpoint could have been made for another
 * server, which claims the endpoint as its own.
 */
export function assertionJudge({ issuer, keySets }: Pick<ProviderContext, 'issuer' | 'keySets'>): Judge {
  return (...[, claims, , client]) => {
    if (client.jwksUri !== undefined) keySets.provedGood(new URL(client.jwksUri).href);
    const [audience, ...others] = [claims['aud']].flat();
    if (others.length === 0 && spellingsOf(issuer).some((spelling) => spelling === audience)) return;
    throw new errors.InvalidClientAuth(`the audience (aud) of the assertion must be ${issuer} alone`);
  };
}

/** Lets the provider take the issuer as those write it who put a slash behind every URL. */
export function takeSpellingsOfIssuer(provider: Provider, issuer: string): void {
  const { prototype } = provider.OIDCContext;
  const usual = Reflect.get(prototype, 'clientJwtAuthExpectedAudience');
  prototype.clientJwtAuthExpectedAudience = function clientJwtAuthExpectedAudience() {
    // With the endpoints that it takes: they are for the judge to refuse, who says why.
    return new Set([...usual.call(this), ...spellingsOf(issuer)]);
  };
}

/**
 * The guarded fetch, with a bound for the keys of clients: anybody can register a client with an address for
 * them, and until something useful is there each request in its name fetches it again.
 */
export function boundedFetch(context: Pick<ProviderContext, 'fetch' | 'keySets' | 'clock'>): GuardedFetch {
  const { fetch, keySets, clock } = context;
  return async (url, init) => {
    const request = Provider.ctx;
    const jwksUri = request?.oidc.client?.jwksUri;
    const isForKeys = jwksUri !== undefined && new URL(jwksUri).href === url;
    if (request !== undefined && isForKeys) {
      const { address } = contextOf(request.req);
      if (!keySets.spend(url, address, clock.now())) {
        throw new errors.TemporarilyUnavailable('the keys of clients were fetched too often');
      }
    }
    return await fetch(url, init);
  };
}

function spellingsOf(issuer: string): readonly string[] {
  return [issuer, `${issuer}/`];
}
