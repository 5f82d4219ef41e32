import { setInterval } from 'node:timers';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Edge, openSocket, readAll, startEdge } from '../fixtures/http-edge.ts';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    http: { headersTimeoutMs: 400, requestTimeoutMs: 900, keepAliveTimeoutMs: 100 },
    routes: (app) => {
      app.post('/mcp', (incoming, response) => {
        incoming.on('end', () => response.json({})).resume();
      });
      app.post('/token', (incoming, response) => {
        response.write('begun');
        incoming.resume();
      });
    },
  });
});
afterAll(() => edge.close());

/** Sends one byte at a time, for ever. */
async function trickle(start: string, byte: string): Promise<string> {
  const socket = await openSocket(edge.port);
  const received = readAll(socket);
  socket.write(start);
  const timer = setInterval(() => socket.write(byte), 20);
  try {
    return await received;
  } finally {
    clearInterval(timer);
  }
}

const BODY_TO_COME = 'HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n';

describe('a client that', () => {
  it('never ends its headers is cut off with 408', async () => {
    const answer = await trickle('GET /mcp HTTP/1.1\r\nHost: localhost\r\n', 'X: 1\r\n');
    expect(answer).toBe('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });

  it('sends nothing at all is cut off', async () => {
    const socket = await openSocket(edge.port);
    expect(await readAll(socket)).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  it('never ends its body is cut off with 408, which its access line tells', async () => {
    const answer = await trickle(`POST /mcp ${BODY_TO_COME}`, 'x');
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    await vi.waitFor(async () => {
      const lines = await edge.lines();
      expect(lines.find((line) => line['status'] === 408)).toMatchObject({ path: '/mcp', level: 'warn' });
    });
  });

  it('never ends its body while it is answered is cut off, without a second answer', async () => {
    const answer = await trickle(`POST /token ${BODY_TO_COME}`, 'x');
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(answer).toContain('begun');
  });

  it('sends its next request slowly is cut off too', async () => {
    const answer = await trickle(
      'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\nGET /mcp HTTP/1.1\r\nHost: localhost\r\n',
      'X: 1\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('HTTP/1.1 408 Request Timeout');
  });

  it('keeps a connection and sends nothing more is let go', async () => {
    const socket = await openSocket(edge.port);
    socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

it('two hundred of them do not keep anybody else from being served', async () => {
  const sockets = await Promise.all(Array.from({ length: 200 }, () => openSocket(edge.port)));
  const ends = sockets.map(readAll);
  for (const socket of sockets) socket.write(`POST /mcp ${BODY_TO_COME}x`);
  await request(edge.url).post('/mcp').send({}).expect(200, {});
  await Promise.all(ends);
});
