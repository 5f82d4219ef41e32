import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGuardedFetch } from '../../src/net/index.ts';

/** Every connection that arrived at a listener of this machine. */
let arrivals: string[];
let servers: Server[];
let port: number;

beforeEach(async () => {
  arrivals = [];
  servers = [];
  port = await listen('127.0.0.1', 0);
  // The other names of this machine that a spelling might reach, as far as it has them.
  await listen('::1', port).catch(() => undefined);
  await listen('127.0.0.2', port).catch(() => undefined);
});

afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(address: string, wanted: number, location?: string): Promise<number> {
  const server = createServer((_, response) => {
    const headers = location === undefined ? {} : { location };
    response
      .writeHead(location === undefined ? 200 : 302, { ...headers, connection: 'close' })
      .end('reached');
  });
  server.on('connection', () => arrivals.push(address));
  server.listen(wanted, address);
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

/** A resolver under the attacker's hand: answers the addresses of the name's turn, the last ones for ever. */
function resolver(...turns: string[][]) {
  let asked = 0;
  return {
    asked: () => asked,
    lookup: () => {
      const addresses = turns[Math.min(asked++, turns.length - 1)] ?? [];
      return Promise.resolve(
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    },
  };
}

async function refusal(fetching: Promise<unknown>): Promise<Error> {
  return fetching.then(
    () => expect.unreachable('was fetched'),
    (error: unknown) => error as Error,
  );
}

test('the listeners are there to be reached', async () => {
  const response = await createGuardedFetch({ allowLoopback: true })(`http://127.0.0.1:${port}/`);
  expect(await response.text()).toBe('reached');
  expect(arrivals).toEqual(['127.0.0.1']);
});

describe('no connection is made for', () => {
  test.each([
    // This machine.
    'http://127.0.0.1:PORT/',
    'http://127.0.0.2:PORT/',
    'http://127.0.0.1.:PORT/',
    'http://127.1:PORT/',
    'http://127.0.1:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f000001:PORT/',
    'http://0x7f.0x0.0x0.0x1:PORT/',
    'http://0x7f.1:PORT/',
    'http://017700000001:PORT/',
    'http://0177.0.0.01:PORT/',
    'http://127.000.000.001:PORT/',
    'http://127%2e0%2e0%2e1:PORT/',
    'http://127。0。0。1:PORT/',
    'http://①②⑦.⓪.⓪.①:PORT/',
    'http://１２７.0.0.1:PORT/',
    'http://127.\t0.\n0.1:PORT/',
    'http:127.0.0.1:PORT/',
    'http:\\\\127.0.0.1:PORT\\',
    'HTTP://127.0.0.1:PORT/',
    'https://127.0.0.1:PORT/',
    'http://0:PORT/',
    'http://0.0.0.0:PORT/',
    'http://[::]:PORT/',
    'http://[::1]:PORT/',
    'http://[0:0:0:0:0:0:0:1]:PORT/',
    'http://[0000:0000:0000:0000:0000:0000:0000:0001]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://[::127.0.0.1]:PORT/',
    'http://[::ffff:0:127.0.0.1]:PORT/',
    'http://[64:ff9b::127.0.0.1]:PORT/',
    'http://[2002:7f00:1::]:PORT/',
    'http://localhost:PORT/',
    'http://LOCALHOST:PORT/',
    'http://localhost.:PORT/',
    'http://anything.localhost:PORT/',
    // Metadata of clouds.
    'http://169.254.169.254/latest/meta-data/',
    'http://169.254.43518/',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    // The networks around it.
    'http://10.0.0.1/',
    'http://012.0.0.1/',
    'http://167772161/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://192.168.257/',
    'http://100.64.0.1/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://[fec0::1]/',
    'http://[64:ff9b:1::10.0.0.1]/',
    // Nobody's, or everybody's.
    'http://224.0.0.1/',
    'http://240.0.0.1/',
    'http://255.255.255.255/',
    'http://198.18.0.1/',
    'http://[ff02::1]/',
    'http://[2001:db8::1]/',
    // What looks like another host.
    'http://public.test@127.0.0.1:PORT/',
    'http://public.test:80@127.0.0.1:PORT/',
    'http://127.0.0.1:PORT@public.test/',
    'http://127.0.0.1:PORT\\@public.test/',
    'http://127.0.0.1:PORT#@public.test/',
    'http://127.0.0.1:PORT?@public.test/',
    'http://user@public.test/',
    // What is no web address.
    'file:///etc/passwd',
    'ftp://127.0.0.1:PORT/',
    'gopher://127.0.0.1:PORT/_',
    'unix:/run/docker.sock',
    'http+unix://%2Frun%2Fdocker.sock/info',
    'ws://127.0.0.1:PORT/',
    'data:text/plain,hello',
    'javascript:alert(1)',
    '//127.0.0.1:PORT/',
    '127.0.0.1:PORT',
    'http://[::1%25lo]:PORT/',
    'http://',
    '',
  ])('%j', async (spelling) => {
    // Any name that slips through leads to the listener.
    const { lookup } = resolver(['127.0.0.1']);
    const fetching = createGuardedFetch({ lookup })(spelling.replace('PORT', String(port)));
    expect(await refusal(fetching)).toMatchObject({ code: 'URL_BLOCKED' });
    expect(arrivals).toEqual([]);
  });

  test.each([
    [['127.0.0.1']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['0.0.0.0']],
    [['::']],
    [['10.1.2.3']],
    [['169.254.169.254']],
    [['fe80::1']],
    [['fd00:ec2::254']],
    [['64:ff9b::7f00:1']],
    [['8.8.8.8', '127.0.0.1']],
    [['127.0.0.1', '2606:4700:4700::1111']],
    [['8.8.8.8', '8.8.4.4', '::1']],
    [[]],
    [['not an address']],
  ])('a name that resolves to %j', async (addresses) => {
    const { lookup } = resolver(addresses);
    const error = await refusal(createGuardedFetch({ lookup })(`http://innocent.example:${port}/`));
    expect(error).toMatchObject({ code: 'URL_BLOCKED' });
    for (const address of addresses) expect(JSON.stringify([error.message, error])).not.toContain(address);
    expect(arrivals).toEqual([]);
  });

  test(`this machine's own name, asked of its real resolver`, async () => {
    const error = await refusal(createGuardedFetch()(`http://localhost:${port}/`));
    expect(error).toMatchObject({ code: 'URL_BLOCKED' });
    expect(arrivals).toEqual([]);
  });
});

describe('rebinding', () => {
  test('what was checked is what is connected to: one lookup for each connection', async () => {
    const name = resolver(['127.0.0.1'], ['10.0.0.1']);
    const guarded = createGuardedFetch({ lookup: name.lookup, allowLoopback: true });
    expect(await (await guarded(`http://rebind.example:${port}/`)).text()).toBe('reached');
    expect(name.asked()).toBe(1);
  });

  test('a name that turns private is blocked at its next connection', async () => {
    const name = resolver(['127.0.0.1'], ['10.0.0.1']);
    const guarded = createGuardedFetch({ lookup: name.lookup, allowLoopback: true });
    await (await guarded(`http://rebind.example:${port}/`)).text();
    expect(await refusal(guarded(`http://rebind.example:${port}/`))).toMatchObject({ code: 'URL_BLOCKED' });
    expect(arrivals).toEqual(['127.0.0.1']);
  });
});

describe('a redirect', () => {
  test('into the machine is answered, not followed', async () => {
    const redirecting = await listen('127.0.0.1', 0, `http://127.0.0.1:${port}/`);
    const guarded = createGuardedFetch({ allowLoopback: true });
    const response = await guarded(`http://127.0.0.1:${redirecting}/`, { redirect: 'follow' });
    expect([response.status, response.headers.get('location')]).toEqual([302, `http://127.0.0.1:${port}/`]);
    expect(arrivals).toEqual(['127.0.0.1']);
  });

  test('that the caller follows is judged anew', async () => {
    const redirecting = await listen('127.0.0.1', 0, 'http://169.254.169.254/latest/meta-data/');
    const guarded = createGuardedFetch({ allowLoopback: true });
    const response = await guarded(`http://127.0.0.1:${redirecting}/`);
    const next = guarded(response.headers.get('location') ?? '');
    expect(await refusal(next)).toMatchObject({ code: 'URL_BLOCKED' });
  });
});

test.each(['http://0.0.0.0:PORT/', 'http://[::]:PORT/', 'http://10.0.0.1:PORT/', 'http://169.254.169.254/'])(
  'permission for this machine is none for %s',
  async (url) => {
    const fetching = createGuardedFetch({ allowLoopback: true })(url.replace('PORT', String(port)));
    expect(await refusal(fetching)).toMatchObject({ code: 'URL_BLOCKED' });
    expect(arrivals).toEqual([]);
  },
);
