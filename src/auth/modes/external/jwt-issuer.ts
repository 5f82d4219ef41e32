import type { JWTVerifyOptions } from 'jose';
import { jwtVerify } from 'jose/jwt/verify';
import { keyThumbprintOf } from '../../dpop/confirmation.ts';
import { subjectRevocation } from '../../revocations.ts';
import { CLOCK_TOLERANCE } from '../verified-tokens.ts';
import { createIdentityMapping } from './identity-mapping.ts';
import { fetchObject } from './issuer-fetch.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { discoverEndpoint } from './issuer-metadata.ts';
import type { TokenIssuer, TokenIssuerContext } from './token-issuer.ts';
import { requireType } from './token-kind.ts';

/** An issuer whose tokens are JWTs, judged by its public keys (RFC 9068 §4). */
export function createJwtIssuer(context: TokenIssuerContext): TokenIssuer {
  const { options, external, audience, admit, clock, logger } = context;
  const { issuer } = options;
  const keys = new IssuerKeys({
    ...{ issuer, clock, logger, fetchKeys: keyFetch(context) },
    refreshSeconds: external.keyRefreshSeconds,
    cooldownSeconds: external.keyCooldownSeconds,
    staleSeconds: external.keyStaleSeconds,
  });
  const identityOf = createIdentityMapping(options, logger);
  const types = new Set(options.tokenTypes.map((type) => type.toLowerCase()));
  const expected: JWTVerifyOptions = {
    issuer,
    audience: [...audience],
    algorithms: options.algorithms,
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE,
  };
  return {
    issuer,
    takesOpaque: false,
    async verify(token, tokenHash) {
      let verifiedWith: object | undefined;
      const { payload, protectedHeader } = await jwtVerify(
        token,
        async (header, jws) => {
          const { key, set } = await keys.find(header, jws);
          verifiedWith = set;
          return key;
        },
        { ...expected, currentDate: new Date(clock.now()) },
      );
      requireType(protectedHeader.typ, payload, types);
      const principal = admit(identityOf({ claims: payload, tokenHash }));
      return {
        principal,
        subjectId: subjectRevocation(principal.subject),
        keyThumbprint: keyThumbprintOf(payload['cnf']),
        stands: () => verifiedWith !== undefined && keys.current === verifiedWith,
      };
    },
    prepare: () => {
      keys.freshen();
    },
    get failure() {
      return keys.failure;
    },
  };
}

/** Where the keys are is found out once, and again after they could not be had there. */
function keyFetch({ options, fetch }: TokenIssuerContext) {
  let found: string | undefined;
  return async (): Promise<Readonly<Record<string, unknown>>> => {
    const address = options.jwksUri ?? found ?? (await discoverEndpoint(options.issuer, 'jwks_uri', fetch));
    found = undefined;
    const keys = await fetchObject(fetch, address);
    found = address;
    return keys;
  };
}
