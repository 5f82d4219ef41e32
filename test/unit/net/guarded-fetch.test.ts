import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../fixtures/certificate.ts';
import { createGuardedFetch, type GuardedFetchOptions } from '../../../src/net/index.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A guarded fetch that may reach the servers of these tests. */
function localFetch(options: GuardedFetchOptions = {}) {
  return createGuardedFetch({ allowLoopback: true, ...options });
}

describe('a guarded fetch is a fetch', () => {
  test('answers a response of the platform: status, headers, address, body', async () => {
    const origin = await serve((_, response) => {
      response.writeHead(418, { 'x-kind': 'pot' }).end('short and stout');
    });
    const response = await localFetch()(`${origin}/tea`);
    expect(response).toBeInstanceOf(Response);
    expect(response.status).toBe(418);
    expect(response.headers.get('x-kind')).toBe('pot');
    expect(response.url).toBe(`${origin}/tea`);
    expect(await response.text()).toBe('short and stout');
  });

  test.each([
    ['a string and options', (url: string) => [url, { method: 'POST', headers: { 'x-a': '1' }, body: 'hi' }]],
    ['a URL', (url: string) => [new URL(url), { method: 'POST', headers: [['x-a', '1']], body: 'hi' }]],
    [
      'a Request',
      (url: string) => [new Request(url, { method: 'POST', headers: { 'x-a': '1' }, body: 'hi' })],
    ],
    [
      'Headers and bytes',
      (url: string) => [
        url,
        { method: 'POST', headers: new Headers({ 'x-a': '1' }), body: new TextEncoder().encode('hi') },
      ],
    ],
  ])('takes %s', async (_, argumentsFor) => {
    const origin = await serve((request, response) => {
      void request.toArray().then((chunks) => {
        const body = Buffer.concat(chunks as Buffer[]).toString();
        response.end(`${request.method} ${String(request.headers['x-a'])} ${body}`);
      });
    });
    const response = await localFetch()(...(argumentsFor(origin) as Parameters<typeof fetch>));
    expect(await response.text()).toBe('POST 1 hi');
  });

  test.each([204, 304])('answers a %i without a body', async (status) => {
    const origin = await serve((_, response) => {
      response.writeHead(status).end();
    });
    const response = await localFetch()(origin);
    expect([response.status, response.body]).toEqual([status, null]);
  });

  test('ignores a dispatcher and a proxy of the environment', async () => {
    const origin = await serve((_, response) => response.end('direct'));
    const proxy = await serve((_, response) => response.end('by proxy'));
    process.env['HTTP_PROXY'] = process.env['http_proxy'] = proxy;
    try {
      const dispatcher = { dispatch: () => expect.unreachable() };
      const response = await localFetch()(origin, { dispatcher } as unknown as RequestInit);
      expect(await response.text()).toBe('direct');
    } finally {
      delete process.env['HTTP_PROXY'];
      delete process.env['http_proxy'];
    }
  });

  test('keeps no cookies', async () => {
    const seen: (string | undefined)[] = [];
    const origin = await serve((request, response) => {
      seen.push(request.headers.cookie);
      response.setHeader('set-cookie', 'session=1').end();
    });
    const fetch = localFetch();
    await (await fetch(origin)).text();
    await (await fetch(origin)).text();
    expect(seen).toEqual([undefined, undefined]);
  });
});

describe('redirects', () => {
  test.each([undefined, 'manual', 'follow'] as const)('are answered under redirect: %s', async (redirect) => {
    const paths: (string | undefined)[] = [];
    const origin = await serve((request, response) => {
      paths.push(request.url);
      response.writeHead(302, { location: '/next' }).end();
    });
    const response = await localFetch()(origin, redirect === undefined ? {} : { redirect });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/next']);
    expect(paths).toEqual(['/']);
  });

  test('are a failure under redirect: error', async () => {
    const origin = await serve((_, response) => response.writeHead(302, { location: '/next' }).end());
    await expect(localFetch()(origin, { redirect: 'error' })).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
    });
  });
});

describe('limits', () => {
  test('a body that is announced too large is refused', async () => {
    const origin = await serve((_, response) => response.end('x'.repeat(101)));
    await expect(localFetch({ maxResponseBytes: 100 })(origin)).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
    });
    expect(await (await localFetch({ maxResponseBytes: 101 })(origin)).text()).toHaveLength(101);
  });

  test('a body without end is cut off', async () => {
    const origin = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'.repeat(1000)), 1);
      response.on('close', () => {
        clearInterval(timer);
      });
    });
    const response = await localFetch({ maxResponseBytes: 5000 })(origin);
    await expect(response.text()).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  test('a small body that unpacks to a large one is cut off', async () => {
    const packed = gzipSync(Buffer.alloc(10_000_000));
    const origin = await serve((_, response) => {
      response.setHeader('content-encoding', 'gzip').end(packed);
    });
    expect(packed.byteLength).toBeLessThan(20_000);
    const response = await localFetch({ maxResponseBytes: 20_000 })(origin);
    await expect(response.arrayBuffer()).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  test('a server that does not answer in time is a TIMEOUT', async () => {
    const origin = await serve(() => undefined);
    await expect(localFetch({ timeoutMs: 50 })(origin)).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test('the time counts for the body too', async () => {
    const origin = await serve((_, response) => {
      const timer = setInterval(() => response.write('drop by drop'), 20);
      response.on('close', () => {
        clearInterval(timer);
      });
    });
    const response = await localFetch({ timeoutMs: 1000 })(origin);
    await expect(response.text()).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test('a resolver that does not answer in time is a TIMEOUT', async () => {
    const lookup = () => new Promise<never>(() => undefined);
    await expect(createGuardedFetch({ timeoutMs: 50, lookup })('http://name.test/')).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
  });

  test(`the caller's own signal ends it with the caller's own reason`, async () => {
    const origin = await serve(() => undefined);
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const fetching = localFetch()(origin, { signal: controller.signal });
    controller.abort(reason);
    await expect(fetching).rejects.toBe(reason);
    await expect(localFetch()(origin, { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('failures', () => {
  test('a server that is not there, and a name that is not, are SOURCE_UNAVAILABLE without details', async () => {
    const origin = await serve(() => undefined);
    for (const server of servers.splice(0)) server.close();
    const missing = Object.assign(new Error('getaddrinfo ENOTFOUND name.test'), { code: 'ENOTFOUND' });
    const lookup = () => Promise.reject(missing);
    for (const [fetch, url, message] of [
      [localFetch(), origin, 'The server of this URL cannot be reached.'],
      [localFetch({ lookup }), 'http://name.test/', 'The host name of this URL leads to no server.'],
    ] as const) {
      await expect(fetch(url)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', message });
    }
  });

  test('a server whose certificate is not trusted is told of as that', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guarded-fetch-'));
    const { certFile, keyFile } = await makeCertificate(folder, 'server', 'DNS:localhost');
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    const server = createSecureServer({ cert, key }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      await expect(localFetch()(`https://127.0.0.1:${port}/`)).rejects.toMatchObject({
        code: 'SOURCE_UNAVAILABLE',
        message: expect.stringContaining('certificate') as string,
      });
    } finally {
      server.close();
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    ['is cut short', { 'content-length': '100' }],
    ['is not packed as it says', { 'content-encoding': 'gzip' }],
  ])('an answer that %s is told of as that', async (_, headers) => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, headers).write('short', () => response.destroy());
    });
    const response = await localFetch()(origin);
    await expect(response.text()).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringMatching(/broke off its answer/) as string,
    });
  });

  test('an answer that is not HTTP is SOURCE_UNAVAILABLE', async () => {
    const origin = await serve((request) => request.socket.end('SSH-2.0-OpenSSH_9.7\r\n'));
    await expect(localFetch()(origin)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });
});
