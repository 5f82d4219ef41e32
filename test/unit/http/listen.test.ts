import { once } from 'node:events';
import type { Response } from 'express';
import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Lifecycle, listen } from '../../../src/http/index.ts';
import { httpOptions } from '../../../src/http/options.ts';
import { type Edge, openSocket, readAll, sendRaw, startEdge } from '../../fixtures/http-edge.ts';

describe('draining', () => {
  let edge: Edge;
  let running: Response[];
  afterEach(() => edge.close());

  async function startWorking(): Promise<void> {
    running = [];
    edge = await startEdge({
      routes: (app) => {
        app.get('/mcp', (_incoming, response) => {
          running.push(response);
        });
      },
    });
  }

  it('lets a running request end, refuses a new one, and is seen in readiness and metrics', async () => {
    await startWorking();
    const call = request(edge.url).get('/mcp');
    const answer = call.then((response) => response);
    await vi.waitFor(() => {
      expect(running).toHaveLength(1);
    });
    const drained = edge.listener.drain(10_000);

    const refused = await request(edge.url).get('/mcp').expect(503);
    expect(refused.headers).toMatchObject({ 'retry-after': '5', connection: 'close' });
    expect(refused.body).toMatchObject({ error: { data: { code: 'DRAINING', retryable: true } } });
    const ready = await request(edge.url).get('/health/ready').expect(503);
    expect(ready.body).toMatchObject({ status: 'draining' });
    await request(edge.url).get('/health/live').expect(200);
    const metrics = await request(edge.url).get('/metrics').expect(200);
    expect(metrics.text).toContain('fairlead_draining 1');

    running[0]?.json({ done: true });
    const response = await answer;
    expect(response.body).toEqual({ done: true });
    expect(response.headers['connection']).toBe('close');
    await drained;
    await expect(openSocket(edge.port)).rejects.toThrow('ECONNREFUSED');
  });

  it('cuts off at the limit what does not end', async () => {
    await startWorking();
    const socket = await openSocket(edge.port);
    const received = readAll(socket);
    socket.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await vi.waitFor(() => {
      expect(running).toHaveLength(1);
    });
    await edge.listener.drain(20);
    expect(await received).toBe('');
  });

  it('closes idle connections at once, also while something runs', async () => {
    await startWorking();
    const busy = await openSocket(edge.port);
    busy.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const idle = await openSocket(edge.port);
    idle.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.all([
      once(idle, 'data'),
      vi.waitFor(() => {
        expect(running).toHaveLength(1);
      }),
    ]);
    const closed = once(idle, 'close');
    const drained = edge.listener.drain(60_000);
    await closed;
    expect(running[0]?.closed).toBe(false);
    running[0]?.end();
    await drained;
  });

  it('can be asked for twice', async () => {
    await startWorking();
    await Promise.all([edge.listener.drain(1000), edge.listener.drain(1000)]);
  });
});

describe('listening', () => {
  const handler = () => undefined;

  it('on a port that is taken fails and says how to choose another', async () => {
    const first = await listen(handler, httpOptions.parse({ port: 0 }), new Lifecycle());
    try {
      const second = listen(handler, httpOptions.parse({ port: first.port }), new Lifecycle());
      await expect(second).rejects.toMatchObject({
        code: 'CONFIGURATION_INVALID',
        message: expect.stringContaining(String(first.port)) as unknown,
        next: expect.stringContaining('PORT') as unknown,
      });
    } finally {
      await first.close();
    }
  });

  it('on an address that is not this machine’s fails and names HOST', async () => {
    const foreign = listen(handler, httpOptions.parse({ host: '192.0.2.1', port: 0 }), new Lifecycle());
    await expect(foreign).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      next: expect.stringContaining('HOST') as unknown,
    });
  });
});

describe('what is no HTTP', () => {
  it.each([
    ['garbage', 'hello\r\n\r\n', '400'],
    [
      'both lengths of a body',
      'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '400',
    ],
    ['a bare line feed in a header', 'GET /mcp HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n', '400'],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, '431'],
  ])('is refused: %s', async (_name, text, status) => {
    const edge = await startEdge();
    try {
      const answer = await sendRaw(edge.port, text);
      expect(answer).toBe(
        `HTTP/1.1 ${status} ${status === '431' ? 'Request Header Fields Too Large' : 'Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      await request(edge.url).get('/health/live').expect(200);
    } finally {
      await edge.close();
    }
  });
});
