import { once } from 'node:events';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { readBody } from '../../src/mcp/read-body.ts';
import { type Edge, openSocket, readAll, startEdge } from '../fixtures/http-edge.ts';

const LIMIT = 64 * 1024;
const TEN_MEGABYTES = 10 * 1024 * 1024;

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    http: { requestTimeoutMs: 3000 },
    routes: (app) => {
      app.post('/mcp', async (incoming, response) => {
        if (incoming.headers.authorization === undefined) {
          throw new AppError('UNAUTHENTICATED', 'A token is needed.');
        }
        response.json({ length: (await readBody(incoming, LIMIT)).length });
      });
    },
  });
});
afterAll(() => edge.close());

const HEAD = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n';

describe('a body', () => {
  it('up to the limit is read', async () => {
    const response = await request(edge.url)
      .post('/mcp')
      .set('Authorization', 'Bearer x')
      .send('x'.repeat(LIMIT));
    expect(response.body).toEqual({ length: LIMIT });
  });

  it('of 10 MB is answered with 413, which the client gets to read', async () => {
    const response = await fetch(`${edge.url}/mcp`, {
      method: 'POST',
      headers: { Authorization: 'Bearer x' },
      body: Buffer.alloc(TEN_MEGABYTES),
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { data: { code: 'BODY_TOO_LARGE' } } });
  });

  it('that declares more than the limit is refused before it comes', async () => {
    const socket = await openSocket(edge.port);
    socket.write(`${HEAD}Content-Length: ${TEN_MEGABYTES}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('that declares nothing is refused when it passes the limit', async () => {
    const socket = await openSocket(edge.port);
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    for (let sent = 0; sent <= LIMIT; sent += 0x4000) socket.write(chunk);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('without end is not taken for long after it was refused', async () => {
    const socket = await openSocket(edge.port);
    const received = readAll(socket);
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const sendMore = (): void => {
      while (socket.writable && socket.write(chunk));
      if (socket.writable) socket.once('drain', sendMore);
    };
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    sendMore();
    expect(await received).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('is not read before the token is: without one the answer is 401, whatever the size', async () => {
    const response = await fetch(`${edge.url}/mcp`, { method: 'POST', body: Buffer.alloc(TEN_MEGABYTES) });
    expect(response.status).toBe(401);
  });

  it('that was refused leaves the connection fit for the next request', async () => {
    const socket = await openSocket(edge.port);
    const received = readAll(socket);
    socket.write(`${HEAD}Content-Length: ${LIMIT + 1}\r\n\r\n${'x'.repeat(LIMIT + 1)}`);
    socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const answers = (await received).match(/HTTP\/1\.1 \d{3}/g);
    expect(answers).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  });
});
