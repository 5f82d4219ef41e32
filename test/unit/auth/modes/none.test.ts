import express from 'express';
import request from 'supertest';
import { expect, it } from 'vitest';
import { createNoneMode } from '../../../../src/auth/modes/none.ts';
import { ALL_SCOPES } from '../../../../src/core/scopes.ts';
import { openContext, principalOf } from '../../../../src/core/request-context.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

it.each(['127.0.0.1', '127.8.9.10', '::1', '[::1]', 'localhost'])('serves %s', (host) => {
  expect(createNoneMode({ host })).toBeInstanceOf(Function);
});

it.each([
  '0.0.0.0',
  '::',
  '[::]',
  '192.168.1.5',
  'fairlead.example',
  '127.0.0.1.example',
  'localhost.example',
  '',
])('refuses to serve "%s"', (host) => {
  expect(() => createNoneMode({ host })).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }));
});

function app(peer?: string) {
  return express()
    .use((incoming, _response, next) => {
      openContext(incoming, {
        id: 'r',
        logger: recordTelemetry().logger,
        address: '127.0.0.1',
        route: '/mcp',
      });
      if (peer !== undefined) Object.defineProperty(incoming.socket, 'remoteAddress', { value: peer });
      next();
    })
    .use(createNoneMode({ host: '127.0.0.1' }))
    .get('/', (incoming, response) => {
      const { subject, clientId, scopes } = principalOf(incoming);
      response.json({ subject, clientId, scopes: scopes.granted });
    })
    .use(((error: { code: string; status: number }, _request, response, next) => {
      if (response.headersSent) next(error);
      else response.status(error.status).json({ code: error.code });
    }) satisfies express.ErrorRequestHandler);
}

it('lets a request of this machine act with all scopes', async () => {
  const response = await request(app()).get('/').expect(200);
  expect(response.body).toEqual({ subject: 'local', clientId: 'local', scopes: [...ALL_SCOPES].sort() });
});

it('refuses a peer on another machine even where the configured host is loopback', async () => {
  for (const peer of ['203.0.113.7', '::ffff:203.0.113.7', '172.17.0.1', 'fe80::1']) {
    const response = await request(app(peer)).get('/').expect(403);
    expect(response.body).toEqual({ code: 'FORBIDDEN' });
  }
});
