import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import {
  obtainCode,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { DpopKey, presentBound } from '../fixtures/dpop-key.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { meetingReads } from '../fixtures/racing-store.ts';

let server: RunningAuthorizationServer;
/** Another process on the same store, for the same public origin. */
let replica: RunningAuthorizationServer;
let key: DpopKey;
let client: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer();
  replica = await startAuthorizationServer({ like: server, publicUrl: server.origin });
  key = await DpopKey.create();
  client = await OAuthClient.register(server.origin);
});
afterAll(async () => {
  await replica.close();
  await server.close();
});

async function boundToken(): Promise<{ access: string; refresh: string }> {
  return await key.redeem(client, await obtainCode(client, server.browser()));
}

async function statuses(answers: readonly Promise<Response>[]): Promise<number[]> {
  return (await Promise.all(answers)).map(({ status }) => status).sort();
}

describe('a proof that was seen by others', () => {
  it('works once at the resource, whichever process is asked', async () => {
    const { access } = await boundToken();
    const url = `${server.origin}/mcp`;
    const proof = await key.proof(['GET', url], access);
    expect((await presentBound(url, access, proof)).status).toBe(200);
    for (const origin of [server.origin, replica.origin]) {
      const again = await presentBound(`${origin}/mcp`, access, proof);
      expect(again.status).toBe(401);
      expect(again.headers.get('www-authenticate')).toContain('error="invalid_dpop_proof"');
    }
  });

  it('works once of twenty times at once', async () => {
    const { access } = await boundToken();
    const proof = await key.proof(['GET', `${server.origin}/mcp`], access);
    const answers = Array.from({ length: 20 }, (_, index) =>
      presentBound(`${(index % 2 === 0 ? server : replica).origin}/mcp`, access, proof),
    );
    expect(await statuses(answers)).toEqual([200, ...Array<number>(19).fill(401)]);
  });

  it('works once at the token endpoint, also when two requests look at the same moment', async () => {
    const racing = await startAuthorizationServer({
      like: { ...server, store: meetingReads(server.store, 'auth:ReplayDetection:') },
      publicUrl: server.origin,
    });
    const { refresh } = await boundToken();
    const proof = await key.proof(['POST', `${server.origin}/token`]);
    const redeem = ({ origin }: RunningAuthorizationServer): Promise<Response> =>
      fetch(`${origin}/token`, {
        method: 'POST',
        headers: { dpop: proof },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: refresh,
          client_id: client.clientId,
        }),
      });
    const answers = [redeem(racing), redeem(racing)];
    expect(await statuses(answers)).toEqual([200, 400]);
    const late = await redeem(replica);
    expect([late.status, await late.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
    await racing.close();
  });

  it('is neither taken nor refused while nobody can tell whether it was used', async () => {
    const down = {
      ...server.store,
      get: (name: string) => server.store.get(name),
      subscribe: () => Promise.resolve(() => Promise.resolve()),
      swap: () => Promise.reject(new AppError('UNAVAILABLE', 'The store cannot be reached.')),
    };
    const blind = await startAuthorizationServer({
      like: { ...server, store: down },
      publicUrl: server.origin,
    });
    const { access } = await boundToken();
    const proof = await key.proof(['GET', `${server.origin}/mcp`], access);
    expect((await presentBound(`${blind.origin}/mcp`, access, proof)).status).toBe(503);
    await blind.close();
  });
});
