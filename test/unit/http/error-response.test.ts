import { once } from 'node:events';
import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { type Edge, openSocket, readAll, startEdge } from '../../fixtures/http-edge.ts';

let edge: Edge;
afterEach(() => edge.close());

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

/** A server on which `/token` and `/mcp` fail with this. */
async function failing(thrown: unknown): Promise<void> {
  edge = await startEdge({
    challenge: (error) => (error.status === 401 ? `Bearer error="${error.code}"` : undefined),
    routes: (app) => {
      app.all(['/token', '/mcp'], () => {
        throw thrown;
      });
      app.get('/account', (_incoming, response) => {
        response.setHeader('Content-Length', '5');
        response.setHeader('ETag', '"x"');
        throw thrown;
      });
      app.get('/setup', (_incoming, response, next) => {
        response.write('half', () => {
          next(thrown);
        });
      });
    },
  });
}

describe('an AppError', () => {
  it('is answered in the form of OAuth, with its challenge', async () => {
    await failing(new AppError('INVALID_TOKEN', 'The token has expired.', { next: 'sign in again' }));
    const response = await request(edge.url).post('/token').expect(401);
    expect(response.headers['www-authenticate']).toBe('Bearer error="INVALID_TOKEN"');
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.body).toEqual({
      error: 'invalid_token',
      error_description: 'The token has expired.',
      next: 'sign in again',
      request_id: response.headers['x-request-id'],
    });
  });

  it('is answered in the form of JSON-RPC on the MCP endpoint', async () => {
    await failing(new AppError('UNAVAILABLE', 'The store is away.', { retryAfter: 7 }));
    const response = await request(edge.url).post('/mcp').set('Accept', BROWSER).expect(503);
    expect(response.headers['retry-after']).toBe('7');
    expect(response.body).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: {
        code: -32_603,
        message: 'The store is away.',
        data: {
          code: 'UNAVAILABLE',
          retryable: true,
          retry_after: 7,
          request_id: response.headers['x-request-id'],
        },
      },
    });
  });

  it('is a page for a browser, with the headers of a page', async () => {
    await failing(new AppError('BAD_REQUEST', 'No.'));
    const response = await request(edge.url).get('/account').set('Accept', BROWSER).expect(400);
    expect(response.text).toBe(`<h1>BAD_REQUEST</h1>${String(response.headers['x-request-id'])}`);
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(response.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(response.headers['etag']).toBeUndefined();
  });

  it('is JSON for whoever takes anything', async () => {
    await failing(new AppError('BAD_REQUEST', 'No.'));
    const response = await request(edge.url).get('/account').set('Accept', '*/*').expect(400);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  });
});

describe('anything else', () => {
  it('is answered without a word of it, and logged with its stack under the id of the request', async () => {
    await failing(
      new Error('connect ECONNREFUSED db.internal:5432', { cause: new Error('password rejected') }),
    );
    const response = await request(edge.url).post('/token').expect(500);
    expect(JSON.stringify(response.body) + JSON.stringify(response.headers)).not.toMatch(
      /db\.internal|password|\.ts/,
    );
    expect(response.body).toMatchObject({ error: 'internal' });
    await vi.waitFor(async () => {
      const lines = await edge.lines();
      expect(lines.find((line) => line['msg'] === 'request failed')).toMatchObject({
        requestId: response.headers['x-request-id'],
        err: {
          message: expect.stringContaining('db.internal') as unknown,
          stack: expect.any(String) as unknown,
        },
      });
    });
  });

  it.each([undefined, null, 'text', 42, { status: 'x' }, { status: 200 }])(
    'is INTERNAL: %j',
    async (thrown) => {
      await failing(thrown);
      // Express takes undefined and null for no error at all.
      const status = thrown === undefined || thrown === null ? 404 : 500;
      await request(edge.url).post('/mcp').expect(status);
    },
  );

  it('keeps the status of what a parser refuses, without its text', async () => {
    await failing(Object.assign(new Error('inner text'), { status: 413, expose: true }));
    const response = await request(edge.url).post('/token').expect(413);
    expect(response.body).toMatchObject({
      error: 'body_too_large',
      error_description: 'The body is too large.',
    });
  });
});

it('an address that does not exist is answered 404', async () => {
  await failing(new Error());
  const response = await request(edge.url).get('/nowhere').expect(404);
  expect(response.body).toMatchObject({ error: 'not_found' });
});

it('a malformed path is the fault of the request', async () => {
  edge = await startEdge({
    routes: (app) => {
      app.get('/account/:id', (_incoming, response) => {
        response.end();
      });
    },
  });
  await request(edge.url).get('/account/%E0%A4%A').expect(400);
});

it('an error in the middle of an answer cuts it off', async () => {
  await failing(new Error('late'));
  const socket = await openSocket(edge.port);
  const received = readAll(socket);
  socket.write('GET /setup HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'close');
  const answer = await received;
  expect(answer).toContain('half');
  // The last chunk of a whole answer has length 0.
  expect(answer).not.toContain('\r\n0\r\n');
});
