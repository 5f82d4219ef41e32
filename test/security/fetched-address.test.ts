import { describe, expect, test } from 'vitest';
import type { GuardedFetchOptions } from '../../src/net/index.ts';
import { Follower } from '../../src/tools/web/fetching/follow.ts';
import { Targets } from '../../src/tools/web/fetching/target.ts';
import { namedHost, openWebTools, serveWeb } from '../fixtures/web-tools.ts';

/** A server of the network that no agent is to reach, and how often it was. */
async function innermost() {
  let connections = 0;
  const origin = await serveWeb((_, response) => {
    connections++;
    response.end('the secret of the house');
  });
  return { origin, port: new URL(origin).port, connections: () => connections };
}

/** Everything resolves to these, one answer after the other, the last for ever. */
function resolver(...turns: string[][]): NonNullable<GuardedFetchOptions['lookup']> {
  let asked = 0;
  return () =>
    Promise.resolve(
      (turns[Math.min(asked++, turns.length - 1)] ?? []).map((address) => ({
        address,
        family: address.includes(':') ? 6 : 4,
      })),
    );
}

describe('fetch_url connects to nothing for', () => {
  test.each([
    'http://127.0.0.1:PORT/',
    'http://127.1:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f000001:PORT/',
    'http://017700000001:PORT/',
    'http://0177.0.0.0x1:PORT/',
    'http://127.0.0.1.:PORT/',
    'http://127%2e0%2e0%2e1:PORT/',
    'http://①②⑦.⓪.⓪.①:PORT/',
    'http://127。0。0。1:PORT/',
    ' \thttp://127.0.0.1:PORT/ ',
    'ht\ntp://127.0.\n0.1:PORT/',
    'http:/\\127.0.0.1:PORT/',
    'http:\\\\127.0.0.1:PORT\\x',
    'http:127.0.0.1:PORT/',
    'hTTp://127.0.0.1:PORT/',
    'http://0:PORT/',
    'http://0.0.0.0:PORT/',
    'http://localhost:PORT/',
    'http://LocalHost.:PORT/',
    'http://a.localhost:PORT/',
    'http://[::]:PORT/',
    'http://[::1]:PORT/',
    'http://[0:0::0:1]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://[::127.0.0.1]:PORT/',
    'http://[::10.0.0.1]/',
    'http://[64:ff9b::7f00:1]:PORT/',
    'http://[64:ff9b:1::7f00:1]:PORT/',
    'http://[2002:7f00:1::]:PORT/',
    'http://[2001:0:7f00:1::1]:PORT/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://metadata.google.internal/',
    'http://10.0.0.1/',
    'http://172.31.0.1/',
    'http://192.168.0.1/',
    'http://100.64.0.1/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://user@public.test:PORT/',
    'http://:pw@public.test:PORT/',
    'http://public.test@127.0.0.1:PORT/',
    'http://127.0.0.1:PORT\\@public.test/',
    'http://public.test:22/',
    'http://public.test:25/',
    'http://public.test:0/',
    'https://public.test:445/',
    'http://public.test:6379/',
    'http://public.test:6667/',
    'file:///etc/passwd',
    'ftp://public.test/',
    'gopher://127.0.0.1:PORT/_x',
    'data:text/html,hi',
    'javascript:alert(1)',
    'blob:http://public.test/x',
    'ws://public.test:PORT/',
    'view-source:http://public.test:PORT/',
  ])('%j', async (spelling) => {
    const { port, connections } = await innermost();
    const web = await openWebTools({}, { lookup: resolver(['127.0.0.1']) });
    const error = await web.failure('fetch_url', { url: spelling.replace('PORT', port) });
    expect(error).toMatchObject({ code: 'URL_BLOCKED' });
    expect(connections()).toBe(0);
  });

  test.each(['http://[::1%25lo]:PORT/', 'http://', '//127.0.0.1:PORT/', 'http://[::1', '', 'x'.repeat(5000)])(
    'what is no URL: %j',
    async (spelling) => {
      const { port, connections } = await innermost();
      const web = await openWebTools();
      const call = web.failure('fetch_url', { url: spelling.replace('PORT', port) });
      expect(await call).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(connections()).toBe(0);
    },
  );
});

describe('a redirect', () => {
  /** A public site of the attacker, whose first answer leads elsewhere. */
  async function lured(location: string, options: Record<string, unknown> = {}) {
    const inner = await innermost();
    const site = await serveWeb(({ url }, response) => {
      if (url === '/') response.writeHead(302, { location: '/second' }).end();
      else response.writeHead(307, { location: location.replace('PORT', inner.port) }).end();
    });
    const web = await openWebTools(
      {
        ...options,
        privateHosts: [namedHost(site), ...((options['privateHosts'] as string[] | undefined) ?? [])],
      },
      { lookup: resolver(['10.0.0.1']) },
    );
    return { web, site, inner };
  }

  test.each([
    'http://127.0.0.1:PORT/',
    'http://localhost:PORT/',
    '//[::ffff:127.0.0.1]:PORT/',
    'http://169.254.169.254/latest/meta-data/iam/',
    'http://innocent.test/',
    'http://user:pw@public.test/',
    'http://public.test:25/',
    'file:///etc/passwd',
    'javascript:alert(1)',
  ])('to %s is judged as if it had been asked for', async (location) => {
    const { web, site, inner } = await lured(location);
    expect(await web.failure('fetch_url', { url: site })).toMatchObject({ code: 'URL_BLOCKED' });
    expect(inner.connections()).toBe(0);
  });

  test('from a public page to a host that the operator has opened is not followed', async () => {
    const inner = await innermost();
    const site = await serveWeb((_, response) => response.writeHead(302, { location: inner.origin }).end());
    const web = await openWebTools(
      { privateHosts: [namedHost(inner.origin)] },
      { lookup: resolver(['127.0.0.1']), allowLoopback: true },
    );
    const url = `http://public.test:${new URL(site).port}/`;
    expect(await web.failure('fetch_url', { url })).toMatchObject({ code: 'URL_BLOCKED' });
    expect(inner.connections()).toBe(0);
    expect(await web.text('fetch_url', { url: inner.origin })).toContain('the secret of the house');
  });

  test('from https to http is not followed', async () => {
    const asked: string[] = [];
    const createFetch = () => (url: unknown) => {
      asked.push(String(url));
      return Promise.resolve(
        new Response(null, { status: 302, headers: { location: 'http://public.test/x' } }),
      );
    };
    const targets = new Targets({ allowHosts: [], denyHosts: [], privateHosts: [] });
    const follower = new Follower(targets, createFetch, {
      timeoutMs: 1000,
      maxResponseBytes: 1000,
      userAgent: 'x',
    });
    const start = targets.parse('https://public.test/');
    await expect(follower.get(start, new AbortController().signal)).rejects.toMatchObject({
      code: 'URL_BLOCKED',
    });
    expect(asked).toEqual(['https://public.test/']);
  });
});

describe('a name under the attacker’s hand', () => {
  test('that turns private between two fetches, or between two hops, is not connected to', async () => {
    const inner = await innermost();
    const site = await serveWeb((_, response) => {
      response.writeHead(302, { location: `http://rebind.test:${inner.port}/`, connection: 'close' }).end();
    });
    const lookup = resolver(['127.0.0.1'], ['192.168.0.1']);
    const web = await openWebTools({}, { lookup, allowLoopback: true });
    const error = await web.failure('fetch_url', { url: `http://rebind.test:${new URL(site).port}/` });
    expect(error).toMatchObject({ code: 'URL_BLOCKED' });
    expect(`${error.message} ${error.next ?? ''}`).not.toContain('192.168');
    expect(inner.connections()).toBe(0);
  });

  test.each([
    [['8.8.8.8', '127.0.0.1']],
    [['127.0.0.1']],
    [['::1']],
    [['169.254.169.254']],
    [['0.0.0.0']],
    [[]],
  ])('that resolves to %j is not connected to', async (addresses) => {
    const inner = await innermost();
    const web = await openWebTools({}, { lookup: resolver(addresses) });
    const url = `http://innocent.test:${inner.port}/`;
    expect(await web.failure('fetch_url', { url })).toMatchObject({ code: 'URL_BLOCKED' });
    expect(inner.connections()).toBe(0);
  });
});

describe('a host that the operator has opened', () => {
  test('is not this machine, where that is not what was named', async () => {
    const inner = await innermost();
    const web = await openWebTools({ privateHosts: ['wiki.test'] }, { lookup: resolver(['127.0.0.1']) });
    const url = `http://wiki.test:${inner.port}/`;
    expect(await web.failure('fetch_url', { url })).toMatchObject({ code: 'URL_BLOCKED' });
    expect(inner.connections()).toBe(0);
  });

  test.each([
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    '224.0.0.1',
    '0.0.0.0',
  ])('is never %s, by its name or as it stands', async (address) => {
    const literal = address.includes(':') ? `[${address}]` : address;
    const web = await openWebTools({ privateHosts: ['wiki.test', literal] }, { lookup: resolver([address]) });
    for (const url of ['http://wiki.test/', `http://${literal}/`]) {
      expect(await web.failure('fetch_url', { url }), url).toMatchObject({ code: 'URL_BLOCKED' });
    }
  });

  test('is open on the port that was named alone', async () => {
    const [named, other] = [await innermost(), await innermost()];
    const web = await openWebTools({ privateHosts: [namedHost(named.origin)] });
    expect(await web.text('fetch_url', { url: named.origin })).toContain('the secret of the house');
    expect(await web.failure('fetch_url', { url: other.origin })).toMatchObject({ code: 'URL_BLOCKED' });
  });
});
