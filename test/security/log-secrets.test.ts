import request from 'supertest';
import { afterEach, expect, it, vi } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { contextOf } from '../../src/core/request-context.ts';
import { type Edge, sendRaw, startEdge } from '../fixtures/http-edge.ts';

const SECRET = 'S3cretS3cretS3cret';
const JWT = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ${SECRET}.c2lnbmF0dXJl`;

let edge: Edge;
afterEach(() => edge.close());

it('a request leaves no token of its headers, query, body or path in the log, whatever happens to it', async () => {
  edge = await startEdge({
    telemetry: { logLevel: 'trace' },
    http: { allowedHosts: ['evil.example'], rateLimits: { tokenPerMinute: 3 } },
    routes: (app) => {
      app.post('/mcp', (incoming, response) => {
        // What a careless feature might log.
        contextOf(incoming).logger.info(
          { headers: incoming.headers, request: { url: incoming.url } },
          'seen',
        );
        response.json({});
      });
      app.all('/token', (incoming) => {
        throw new Error(`cannot handle ${incoming.url} with ${String(incoming.headers.authorization)}`, {
          cause: Object.assign(new Error('upstream'), {
            request: { headers: incoming.headers },
            body: SECRET,
          }),
        });
      });
      app.all('/authorize/:uid', () => {
        throw new AppError('UNAVAILABLE', 'Not now.', { cause: new Error(`code=${SECRET} was not stored`) });
      });
    },
  });
  const query = `?access_token=${SECRET}&code=${SECRET}&state=${SECRET}`;
  for (const path of [
    '/mcp',
    '/token',
    `/authorize/${SECRET}`,
    `/setup/${SECRET}`,
    '/nowhere',
    '/health',
    '/metrics',
  ]) {
    await request(edge.url)
      .post(path + query)
      .set('Authorization', `Bearer ${SECRET}`)
      .set('Cookie', `session=${SECRET}`)
      .set('Referer', `https://a.example/${query}`)
      .set('User-Agent', JWT)
      .send({ token: SECRET, password: SECRET });
  }
  for (const request of [
    `GET http://evil.example/mcp${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    `GET /mcp${query} HTTP/1.1\r\nHost: ${SECRET}.example\r\nConnection: close\r\n\r\n`,
    `GET /mcp${query} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://${SECRET}\r\nConnection: close\r\n\r\n`,
    `GET /mcp#${SECRET} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    `GET /mcp HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ${SECRET}\r\nConnection: close\r\n\r\n`,
    `GET /mcp HTTP/1.1\r\nAuthorization: Bearer ${SECRET}\r\nbroken\r\n\r\n`,
  ]) {
    await sendRaw(edge.port, request);
  }
  await vi.waitFor(async () => {
    const lines = await edge.lines();
    expect(lines.filter((line) => line['msg'] === 'request')).toHaveLength(12);
    expect(lines.filter((line) => line['msg'] === 'seen').length).toBeGreaterThan(0);
    expect(lines.filter((line) => line['msg'] === 'request failed').length).toBeGreaterThan(0);
  });
  expect(await edge.log()).not.toContain(SECRET);
});
