import express from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../../../src/auth/index.ts';
import { AppError } from '../../../src/core/errors.ts';
import { ALL_SCOPES } from '../../../src/core/scopes.ts';
import { createPages } from '../../../src/pages/index.ts';
import { openStore } from '../../../src/store/index.ts';
import { authOptionsWith } from '../../fixtures/authorization-server.ts';
import { createPrivateSealer } from '../../../src/keys/index.ts';
import { openEdge, whoami } from '../../fixtures/edge.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';
import { admitAll, grantAll } from '../../fixtures/principal.ts';

async function open(publicUrl: string) {
  const telemetry = recordTelemetry();
  const resource = new URL('/mcp', publicUrl);
  const auth = await createAuth(authOptionsWith({ mode: 'none' }), {
    publicUrl: new URL(publicUrl),
    resource,
    scopes: ALL_SCOPES,
    store: await openStore({ url: 'memory' }, { dataDir: '', logger: telemetry.logger }),
    keyRing: {
      keys: { signing: [], verification: new Map(), cookies: [] },
      sealer: createPrivateSealer(),
    },
    telemetry,
    fetch: () => Promise.reject(new Error('Nothing is to be fetched')),
    pages: createPages({ resource, accounts: false }),
    admit: admitAll,
    issuance: grantAll,
  });
  const app = express().use(openEdge(telemetry.logger));
  for (const route of auth.routes) app.use(route);
  return { auth, app: app.all('/mcp', auth.requirePrincipal, whoami) };
}

describe('mode none', () => {
  it('asks for no token, and has nobody to get one from', async () => {
    const { auth, app } = await open('http://127.0.0.1:3000');
    await request(app).post('/mcp').expect(200);
    for (const path of [
      '/.well-known/oauth-protected-resource',
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-authorization-server',
      '/authorize',
      '/account',
    ]) {
      await request(app).get(path).expect(404);
    }
    expect(auth.challenge(new AppError('INVALID_TOKEN', 'No.'), '/mcp')).toBeUndefined();
    expect(await auth.setupUrl()).toBeUndefined();
    await auth.close();
  });

  it('does not open for a public URL that others can reach', async () => {
    await expect(open('https://fairlead.example')).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });
});
