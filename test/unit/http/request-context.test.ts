import { once } from 'node:events';
import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { contextOf } from '../../../src/core/request-context.ts';
import { readTraceContext } from '../../../src/core/trace-context.ts';
import { type Edge, type EdgeSettings, openSocket, sendRaw, startEdge } from '../../fixtures/http-edge.ts';
import { principalOf } from '../../fixtures/principal.ts';

let edge: Edge;
afterEach(() => edge.close());

/** Answers what is known of the request. */
async function start(settings: EdgeSettings = {}): Promise<void> {
  edge = await startEdge({
    routes: (app) => {
      app.get('/mcp', (incoming, response) => {
        const { id, address, route } = contextOf(incoming);
        response.json({ id, address, route });
      });
      app.get('/mcp/principal', (incoming, response) => {
        const context = contextOf(incoming);
        context.principal = principalOf({ subject: 'ada', clientId: 'editor' });
        context.tool = 'info';
        context.logger.info({ step: 1 }, 'at work');
        response.json({});
      });
      app.get('/mcp/trace', (incoming, response) => {
        const context = contextOf(incoming);
        context.logger.info({}, 'before');
        context.trace = readTraceContext({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
        context.logger.info({}, 'after');
        response.json({});
      });
      app.get('/mcp/hangs', (_incoming, response) => {
        response.write('begun');
      });
      app.get('/mcp/silent', () => undefined);
    },
    ...settings,
  });
}

async function accessLines(): Promise<Record<string, unknown>[]> {
  return (await edge.lines()).filter((line) => line['msg'] === 'request');
}

describe('the trace', () => {
  const inHeader = { traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01` };

  async function traces(): Promise<Record<string, unknown>> {
    await expect.poll(accessLines).toHaveLength(1);
    const named = (await edge.lines()).map((line): [string, unknown] => [
      String(line['msg']),
      line['trace_id'],
    ]);
    return Object.fromEntries(named);
  }

  it('of the headers is named until a message names another one', async () => {
    await start();
    await request(edge.url).get('/mcp/trace').set(inHeader).expect(200);
    expect(await traces()).toEqual({
      before: 'c'.repeat(32),
      after: 'a'.repeat(32),
      request: 'a'.repeat(32),
    });
  });

  it('does not stand in for the id of the request', async () => {
    await start();
    const response = await request(edge.url).get('/mcp').set(inHeader);
    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('the request id', () => {
  it('is made here, and returned', async () => {
    await start();
    const response = await request(edge.url).get('/mcp').set('X-Request-Id', 'forged');
    expect(response.body).toMatchObject({ id: response.headers['x-request-id'] });
    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is the one that a trusted proxy gives', async () => {
    await start({ http: { trustProxy: ['loopback'] } });
    const response = await request(edge.url).get('/mcp').set('X-Request-Id', 'Abc-1.2_3');
    expect(response.headers['x-request-id']).toBe('Abc-1.2_3');
  });

  it.each(['with space', 'a'.repeat(129), 'newline%0a', '"quoted"', ''])(
    'is made here when even a trusted proxy gives %j',
    async (id) => {
      await start({ http: { trustProxy: ['loopback'] } });
      const response = await request(edge.url).get('/mcp').set('X-Request-Id', id);
      expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe('the address', () => {
  it.each([
    ['nobody is trusted', [], '203.0.113.9', '127.0.0.1'],
    ['a trusted proxy reports it', ['loopback'], '203.0.113.9', '203.0.113.9'],
    ['the client forged one in front', ['loopback'], '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['two proxies are trusted', ['loopback', '10.0.0.0/8'], '203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['hops are counted', ['2'], '198.51.100.1, 203.0.113.9, 192.0.2.5', '203.0.113.9'],
    ['a balancer adds the port', ['loopback'], '203.0.113.9:4711', '203.0.113.9'],
    ['a balancer adds the port to IPv6', ['loopback'], '[2001:db8::1]:4711', '2001:db8::1'],
    ['it is inside an IPv6 one', ['loopback'], '::ffff:203.0.113.9', '203.0.113.9'],
    ['the header holds no address', ['loopback'], '<script>', '127.0.0.1'],
  ])('is right when %s', async (_case, trustProxy, forwarded, address) => {
    await start({ http: { trustProxy } });
    const response = await request(edge.url).get('/mcp').set('X-Forwarded-For', forwarded);
    expect(response.body).toMatchObject({ address });
  });
});

describe('the access line', () => {
  it('tells what happened, to whom and for how long, and nothing else', async () => {
    await start();
    const response = await request(edge.url).get('/mcp/principal?note=private').set('X-Note', 'private');
    await vi.waitFor(async () => {
      expect(await accessLines()).toEqual([
        {
          level: 'info',
          time: expect.any(String) as unknown,
          requestId: response.headers['x-request-id'],
          method: 'GET',
          path: '/mcp/principal',
          route: '/mcp',
          status: 200,
          durationMs: expect.any(Number) as unknown,
          subject: 'ada',
          clientId: 'editor',
          tool: 'info',
          address: '127.0.0.1',
          msg: 'request',
        },
      ]);
    });
  });

  it('has the id of the lines that were logged on the way', async () => {
    await start();
    const response = await request(edge.url).get('/mcp/principal');
    await vi.waitFor(async () => {
      const ids = (await edge.lines()).map((line) => line['requestId']);
      expect(ids).toEqual([response.headers['x-request-id'], response.headers['x-request-id']]);
    });
  });

  it('grows in weight with the status, and names the error', async () => {
    await start({
      routes: (app) => {
        app.get('/mcp', () => {
          throw new Error('on purpose');
        });
      },
    });
    await request(edge.url).get('/nothing');
    await request(edge.url).get('/mcp');
    await vi.waitFor(async () => {
      expect(await accessLines()).toMatchObject([
        { level: 'warn', status: 404, route: 'other', error: 'NOT_FOUND' },
        { level: 'error', status: 500, route: '/mcp', error: 'INTERNAL' },
      ]);
    });
  });

  it.each(['/mcp/hangs', '/mcp/silent'])('says when the client went away from %s', async (path) => {
    await start();
    const socket = await openSocket(edge.port);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    if (path === '/mcp/hangs') await once(socket, 'data');
    socket.destroy();
    await vi.waitFor(async () => {
      const status = path === '/mcp/hangs' ? 200 : 499;
      expect(await accessLines()).toMatchObject([{ path, aborted: true, status }]);
    });
  });

  it.each(['/health', '/health/live', '/health/ready', '/metrics'])('is left out for %s', async (path) => {
    await start();
    await request(edge.url).get(path).expect(200);
    await request(edge.url).get('/mcp');
    await vi.waitFor(async () => {
      expect(await accessLines()).toMatchObject([{ path: '/mcp' }]);
    });
  });

  it.each([
    ['/setup/one-time-secret', '/setup/*'],
    ['/interaction/uid/login', '/interaction/*'],
    ['/authorize/uid', '/authorize/*'],
  ])('keeps the identifiers in %s to itself', async (path, logged) => {
    await start();
    await request(edge.url).get(path);
    await vi.waitFor(async () => {
      expect(await accessLines()).toMatchObject([{ path: logged }]);
    });
  });
});

describe('the metrics of a request', () => {
  it('stay few under 10 000 random paths and methods', async () => {
    await start();
    const methods = ['GET', 'PURGE', 'MKCOL', 'REPORT', 'POST'];
    const socket = await openSocket(edge.port);
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    for (let index = 0; index < 10_000; index++) {
      const id = Math.random().toString(36).slice(2);
      const path = [`/${id}`, `/x/${id}?a=${id}`, `/%2e/${id}`][index % 3] ?? '/';
      socket.write(`${methods[index % 5] ?? 'GET'} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    }
    await vi.waitFor(
      () => {
        expect(received.split('HTTP/1.1 404')).toHaveLength(10_001);
      },
      { timeout: 15_000 },
    );
    socket.destroy();
    const { body } = await edge.telemetry.render();
    const series = body.split('\n').filter((line) => line.startsWith('fairlead_http_requests_total'));
    expect(series.sort()).toEqual([
      'fairlead_http_requests_total{route="other",method="GET",status="404"} 2000',
      'fairlead_http_requests_total{route="other",method="OTHER",status="404"} 6000',
      'fairlead_http_requests_total{route="other",method="POST",status="404"} 2000',
    ]);
  });

  it.each([
    ['/MCP', '/mcp'],
    ['/Token', '/token'],
    ['/token/', '/token'],
    ['http://localhost/token', '/token'],
    ['/.well-known/oauth-protected-resource/mcp', '/.well-known'],
    ['/health/live', '/health/live'],
    ['//token', 'other'],
    ['/other', 'other'],
  ])('count %s as %s', async (target, route) => {
    await start();
    await sendRaw(edge.port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    await vi.waitFor(async () => {
      const { body } = await edge.telemetry.render();
      expect(body).toContain(`fairlead_http_requests_total{route="${route}"`);
    });
  });
});
