import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obtainCode,
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { DpopKey, presentBound } from '../fixtures/dpop-key.ts';
import { OAuthClient, REDIRECT_URI } from '../fixtures/oauth-client.ts';

const SERVICE = { clientId: 'service', secret: 'a secret of at least thirty-two characters' };
const CLIENTS = [{ ...SERVICE, name: 'Service', scopes: ['files:read'] }];
// Marked so that nobody uses it by accident: these tests talk over loopback.
// eslint-disable-next-line @typescript-eslint/no-deprecated
const INSECURE = { [oauth.allowInsecureRequests]: true };

let server: RunningAuthorizationServer;
let strict: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer({ options: { clients: CLIENTS } });
  strict = await startAuthorizationServer({ options: { clients: CLIENTS, dpop: 'required' } });
});
afterAll(async () => {
  await server.close();
  await strict.close();
});

async function metadata(of: RunningAuthorizationServer, name: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${of.origin}/.well-known/${name}`);
  return (await response.json()) as Record<string, unknown>;
}

/** Asks again where the server wants its nonce, as clients do. */
async function withNonce<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return await attempt();
  }
}

describe('a client that knows DPoP', () => {
  it('gets tokens that are bound to its key, uses and renews them', async () => {
    const as = (await metadata(server, 'oauth-authorization-server')) as unknown as oauth.AuthorizationServer;
    const registered = await OAuthClient.register(server.origin);
    const client: oauth.Client = { client_id: registered.clientId, token_endpoint_auth_method: 'none' };
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
    const options = { DPoP, ...INSECURE };
    const code = await obtainCode(registered, server.browser());
    const answered = oauth.validateAuthResponse(
      as,
      client,
      new URLSearchParams({ code, iss: server.origin }),
      oauth.skipStateCheck,
    );
    const tokens = await withNonce(async () =>
      oauth.processAuthorizationCodeResponse(
        as,
        client,
        await oauth.authorizationCodeGrantRequest(
          as,
          client,
          oauth.None(),
          answered,
          REDIRECT_URI,
          registered.verifier,
          options,
        ),
      ),
    );
    expect(tokens.token_type).toBe('dpop');
    expect(decodeJwt(tokens.access_token)['cnf']).toEqual({ jkt: await DPoP.calculateThumbprint() });

    const call = (token: string): Promise<Response> =>
      oauth.protectedResourceRequest(token, 'GET', new URL('/mcp', server.origin), undefined, null, options);
    // The nonce of the token endpoint is good for the resource: no request is made twice.
    expect((await call(tokens.access_token)).status).toBe(200);
    const renewed = await oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token ?? '', options),
    );
    expect(renewed.token_type).toBe('dpop');
    expect((await call(renewed.access_token)).status).toBe(200);
    expect(await present(server, renewed.access_token)).toBe(401);
  });

  it('is asked for a nonce by the token endpoint', async () => {
    const [key, client] = [await DpopKey.create(), await OAuthClient.register(server.origin)];
    const code = await obtainCode(client, server.browser());
    const response = await fetch(`${server.origin}/token`, {
      method: 'POST',
      headers: { dpop: await key.proof(['POST', `${server.origin}/token`]) },
      body: new URLSearchParams({
        ...{ grant_type: 'authorization_code', code, client_id: client.clientId },
        ...{ redirect_uri: client.redirectUri, code_verifier: client.verifier },
      }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'use_dpop_nonce' });
    expect(response.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
    // An ordinary step, and no refusal.
    expect(server.telemetry.audits).not.toContainEqual(
      expect.objectContaining({ action: 'grant.refused', clientId: client.clientId }),
    );
    await expect(key.redeem(client, code)).resolves.toBeDefined();
  });

  it('is asked for a nonce by the resource, and gets one', async () => {
    const [key, client] = [await DpopKey.create(), await OAuthClient.register(server.origin)];
    const { access } = await key.redeem(client, await obtainCode(client, server.browser()));
    const url = `${server.origin}/mcp`;
    const asked = await presentBound(
      url,
      access,
      await key.proof(['GET', url], access, { claims: { nonce: undefined } }),
    );
    expect(asked.status).toBe(401);
    expect(asked.headers.get('www-authenticate')).toMatch(/^DPoP .*error="use_dpop_nonce".*algs="ES256 /);
    expect(await asked.json()).toMatchObject({
      error: { data: { code: 'NONCE_REQUIRED', retryable: true } },
    });
    key.nonce = asked.headers.get('dpop-nonce') ?? '';
    const taken = await presentBound(url, access, await key.proof(['GET', url], access));
    expect(taken.status).toBe(200);
    expect(taken.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
    expect(server.telemetry.auths).toContain('dpop:ok');
  });

  it.each(['/mcp', '/sse', '/messages', '/mcp/'])(
    'calls %s by the address that it was given',
    async (path) => {
      const [key, client] = [await DpopKey.create(), await OAuthClient.register(server.origin)];
      const { access } = await key.redeem(client, await obtainCode(client, server.browser()));
      const url = `${server.origin}${path}`;
      for (const htu of [url, `${url}?session=1#part`]) {
        const response = await presentBound(
          `${url}?session=1`,
          access,
          await key.proof(['GET', htu], access),
        );
        expect(response.status).toBe(200);
      }
    },
  );

  it('may announce its key with the authorization request (dpop_jkt)', async () => {
    const [key, other] = [await DpopKey.create(), await DpopKey.create()];
    const client = await OAuthClient.register(server.origin);
    const changes = { dpop_jkt: key.thumbprint };
    const code = await obtainCode(client, server.browser(), { changes });
    await expect(other.redeem(client, code)).rejects.toThrow('invalid_grant');
    const again = await obtainCode(client, server.browser(), { changes });
    expect((await client.exchange(again)).body).toMatchObject({ error: 'invalid_grant' });
    const third = await obtainCode(client, server.browser(), { changes });
    await expect(key.redeem(client, third)).resolves.toBeDefined();
  });

  it('may promise at its registration to use it always (dpop_bound_access_tokens)', async () => {
    const client = await OAuthClient.register(server.origin, { dpop_bound_access_tokens: true });
    const code = await obtainCode(client, server.browser());
    expect((await client.exchange(code)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it.each(['/mcp', '/token'])('may run in a page that is allowed to call %s', async (path) => {
    const url = `${server.origin}${path}`;
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: server.origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,dpop',
      },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/\bdpop\b/i);
    const response = await fetch(url, { method: 'POST', headers: { origin: server.origin } });
    expect(response.headers.get('access-control-expose-headers')).toMatch(/\bdpop-nonce\b/i);
  });

  it('is told of a bound token that it is one', async () => {
    const [key, client] = [await DpopKey.create(), await OAuthClient.register(server.origin)];
    const { access } = await key.redeem(client, await obtainCode(client, server.browser()));
    const response = await client.post('/introspect', { token: access });
    expect(await response.json()).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: key.thumbprint },
    });
  });
});

describe('a client that does not know DPoP', () => {
  it('goes on with bearer tokens where it is optional', async () => {
    const { tokens } = await obtainTokens(server);
    expect(decodeJwt(tokens.access)['cnf']).toBeUndefined();
    expect(await present(server, tokens.access)).toBe(200);
  });

  it('gets no token where it is required, whatever it registered', async () => {
    const client = await OAuthClient.register(strict.origin, { dpop_bound_access_tokens: false });
    const { body } = await client.exchange(await obtainCode(client, strict.browser()));
    expect(body).toMatchObject({ error: 'invalid_grant', error_description: expect.anything() as string });
    const service = await fetch(`${strict.origin}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${SERVICE.clientId}:${encodeURIComponent(SERVICE.secret)}`)}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'files:read' }),
    });
    expect(service.status).toBe(400);
    expect(await service.json()).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('what the server says of itself', () => {
  it('names the algorithms of proofs, and whether bound tokens are required', async () => {
    const algorithms = ['ES256', 'Ed25519', 'EdDSA'];
    const optional = await metadata(server, 'oauth-protected-resource/mcp');
    expect(optional).toMatchObject({ dpop_signing_alg_values_supported: algorithms });
    expect(optional).not.toHaveProperty('dpop_bound_access_tokens_required');
    expect(await metadata(strict, 'oauth-protected-resource/sse')).toMatchObject({
      dpop_signing_alg_values_supported: algorithms,
      dpop_bound_access_tokens_required: true,
    });
  });

  it('says nothing of it where it is off, and binds nothing', async () => {
    const off = await startAuthorizationServer({ options: { dpop: 'off' } });
    for (const name of ['oauth-protected-resource', 'oauth-authorization-server']) {
      expect(JSON.stringify(await metadata(off, name))).not.toContain('dpop');
    }
    const [key, client] = [await DpopKey.create(), await OAuthClient.register(off.origin)];
    const { access } = await key.redeem(client, await obtainCode(client, off.browser()));
    expect(await present(off, access)).toBe(200);
    const unknown = await fetch(`${off.origin}/mcp`);
    expect(unknown.headers.get('www-authenticate')).not.toContain('DPoP');
    await off.close();
  });
});
