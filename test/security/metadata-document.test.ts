import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGuardedFetch } from '../../src/net/index.ts';
import {
  obtainCode,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient, registration } from '../fixtures/oauth-client.ts';

const CLIENT = 'https://client.example/agent.json';
const REDIRECT = 'https://client.example/callback';

/** What stands at the client's address; every request to it is noted. */
class ClientSite {
  readonly requests: string[] = [];
  answer: (request: IncomingMessage, response: ServerResponse) => void = sendDocument();
  readonly #server = createServer((request, response) => {
    this.requests.push(request.url ?? '');
    this.answer(request, response);
  });

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function documentWith(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    client_id: CLIENT,
    client_name: 'Agent of client.example',
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    ...changes,
  });
}

function sendDocument(changes: Record<string, unknown> = {}) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader('content-type', 'application/json').end(documentWith(changes));
  };
}

let site: ClientSite;
let port: number;
let server: RunningAuthorizationServer;
const clock = new ManualClock(Date.now());

beforeEach(async () => {
  site = new ClientSite();
  port = await site.listen();
});
afterEach(() => {
  site.close();
});

async function expectErrorPage(clientId: string): Promise<void> {
  const client = new OAuthClient(server.origin, clientId, REDIRECT);
  const page = await server.browser().open(client.authorizationUrl());
  expect([clientId, page.url.origin, page.status]).toEqual([clientId, server.origin, 400]);
  expect(page.headers.get('content-type')).toContain('text/html');
}

describe('a metadata document', () => {
  /** The product's own guarded fetch, with the client's address served from loopback in plain http. */
  const guarded = createGuardedFetch({ allowLoopback: true });
  /** What the fetches can be ended by. */
  let signals: (AbortSignal | null | undefined)[] = [];

  beforeEach(async () => {
    signals = [];
    server = await startAuthorizationServer({
      clock,
      fetch: (url, init) => {
        signals.push(init?.signal);
        return guarded(url.replace('https://client.example', `http://127.0.0.1:${port}`), init);
      },
    });
  });
  afterEach(() => server.close());

  it('makes a client known, whose host people are told', async () => {
    const client = new OAuthClient(server.origin, CLIENT, REDIRECT);
    const browser = server.browser();
    const code = await obtainCode(client, browser);
    const { body } = await client.exchange(code);
    expect(await present(server, body.access_token ?? '')).toBe(200);
    expect(new Set(site.requests)).toEqual(new Set(['/agent.json']));
  });

  it.each([
    [
      'redirects',
      (_: IncomingMessage, response: ServerResponse) =>
        response.writeHead(302, { location: '/there.json' }).end(),
    ],
    [
      'redirects for good',
      (_: IncomingMessage, response: ServerResponse) =>
        response.writeHead(308, { location: '/there.json' }).end(),
    ],
    [
      'comes with an error',
      (_: IncomingMessage, response: ServerResponse) => response.writeHead(404).end(documentWith()),
    ],
    ['is larger than 5 KB', sendDocument({ client_uri: `https://client.example/${'x'.repeat(5200)}` })],
    [
      'is larger than 5 KB and does not say so',
      (_: IncomingMessage, response: ServerResponse) => {
        const document = documentWith({ client_uri: `https://client.example/${'x'.repeat(5200)}` });
        response.write(document.slice(0, 100));
        response.end(document.slice(100));
      },
    ],
    [
      'is no JSON',
      (_: IncomingMessage, response: ServerResponse) => response.end(`<html>${documentWith()}</html>`),
    ],
    ['is no object', (_: IncomingMessage, response: ServerResponse) => response.end(`[${documentWith()}]`)],
    ['is empty', (_: IncomingMessage, response: ServerResponse) => response.end()],
    ['names another client', sendDocument({ client_id: 'https://client.example/other.json' })],
    ['names another client by a slash', sendDocument({ client_id: `${CLIENT}/` })],
    ['names no client', sendDocument({ client_id: undefined })],
    ['has no name', sendDocument({ client_name: undefined })],
    ['has a name that nobody can see', sendDocument({ client_name: '\u200b\u202e ' })],
    ['has a name that fills the page', sendDocument({ client_name: 'x'.repeat(200) })],
    [
      'has a secret',
      sendDocument({ client_secret: 'known to everybody', token_endpoint_auth_method: 'client_secret_post' }),
    ],
    [
      'has redirect URIs that no client may have',
      sendDocument({ redirect_uris: [REDIRECT, 'javascript:alert(1)'] }),
    ],
    ['has none of the asked redirect URI', sendDocument({ redirect_uris: ['https://client.example/other'] })],
  ])('that %s makes no client known, and is asked for once', async (_what, send) => {
    site.answer = send;
    await expectErrorPage(CLIENT);
    expect(site.requests.every((url) => url === '/agent.json')).toBe(true);
    expect(site.requests.length).toBeLessThanOrEqual(1);
  });

  it('that is slow to come makes no client known', async () => {
    const late: ServerResponse[] = [];
    site.answer = (_request, response) => late.push(response);
    await expectErrorPage(CLIENT);
    expect(late).toHaveLength(1);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  it('that comes drop by drop makes no client known', async () => {
    site.answer = (_request, response) => {
      response.write('{');
      const drip = setInterval(() => response.write(' '), 50);
      response.once('close', () => {
        clearInterval(drip);
      });
    };
    await expectErrorPage(CLIENT);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  it('that is of no use is not asked for again for a minute', async () => {
    site.answer = (_request, response) => response.writeHead(500).end();
    for (let i = 0; i < 10; i++) await expectErrorPage(CLIENT);
    expect(site.requests).toHaveLength(1);
    clock.advance(61_000);
    await expectErrorPage(CLIENT);
    expect(site.requests).toHaveLength(2);
  });

  it('is asked for no more than thirty times a minute, whichever clients are named', async () => {
    site.answer = (_request, response) => response.writeHead(500).end();
    for (let i = 0; i < 40; i++) await expectErrorPage(`https://client.example/${i}.json`);
    expect(site.requests.length).toBeLessThanOrEqual(30);
  });
});

describe('an address that is no place for a metadata document', () => {
  const resolved: string[] = [];
  /** Every peer that a socket of this process was told to connect to. */
  const connected: string[] = [];

  beforeAll(async () => {
    server = await startAuthorizationServer({
      clock,
      fetch: createGuardedFetch({
        lookup: (hostname) => {
          resolved.push(hostname);
          const inside = {
            address: hostname.startsWith('metadata') ? '169.254.169.254' : '127.0.0.1',
            family: 4,
          };
          const outside = { address: '93.184.216.34', family: 4 };
          return Promise.resolve(hostname.startsWith('both') ? [outside, inside] : [inside]);
        },
      }),
    });
  });
  afterAll(() => server.close());

  beforeEach(() => {
    clock.advance(61_000);
    resolved.length = 0;
    connected.length = 0;
    const connect = Reflect.get(Socket.prototype, 'connect') as (...args: unknown[]) => Socket;
    vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
      this.on('connectionAttempt', (address: string, attempted: number) => {
        connected.push(`${address}:${attempted}`);
      });
      return connect.apply(this, args);
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Nobody was connected to but the server under test, by the test itself. */
  function expectNoConnection(): void {
    const own = new URL(server.origin).port;
    expect(connected.filter((target) => !target.endsWith(`:${own}`))).toEqual([]);
    expect(site.requests).toEqual([]);
  }

  it('the spy sees what the test itself connects to', async () => {
    await fetch(`http://127.0.0.1:${port}/address`);
    await createGuardedFetch({ allowLoopback: true })(`http://localhost:${port}/name`);
    expect(connected.filter((target) => target === `127.0.0.1:${port}`).length).toBeGreaterThanOrEqual(2);
    expect(site.requests).toEqual(['/address', '/name']);
  });

  it.each([
    'https://127.0.0.1:PORT/agent.json',
    'https://127.1:PORT/agent.json',
    'https://2130706433:PORT/agent.json',
    'https://0x7f000001:PORT/agent.json',
    'https://0177.0.0.1:PORT/agent.json',
    'https://localhost:PORT/agent.json',
    'https://[::1]:PORT/agent.json',
    'https://[::ffff:127.0.0.1]:PORT/agent.json',
    'https://[::127.0.0.1]:PORT/agent.json',
    'https://0.0.0.0:PORT/agent.json',
    'https://[::]:PORT/agent.json',
    'https://10.0.0.1/agent.json',
    'https://172.16.0.1/agent.json',
    'https://192.168.1.1/agent.json',
    'https://100.64.0.1/agent.json',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00:ec2::254]/latest/meta-data',
    'https://[fe80::1]/agent.json',
    'https://[64:ff9b::a9fe:a9fe]/latest/meta-data',
    'https://metadata.google.internal/agent.json',
    'https://resolves-to-loopback.example:PORT/agent.json',
    'https://both.example:PORT/agent.json',
  ])('%s is never connected to', async (url) => {
    await expectErrorPage(url.replace('PORT', String(port)));
    expectNoConnection();
  });

  it.each([
    ['in plain http', 'http://client.example/agent.json'],
    ['with a user name', 'https://user@client.example/agent.json'],
    ['with a password', 'https://user:password@client.example/agent.json'],
    ['with a fragment', 'https://client.example/agent.json#part'],
    ['with an empty fragment', 'https://client.example/agent.json#'],
    ['that climbs', 'https://client.example/a/../agent.json'],
    ['that stays', 'https://client.example/./agent.json'],
    ['that climbs in disguise', 'https://client.example/a/%2e%2e/agent.json'],
    ['with a backslash', 'https://client.example\\@127.0.0.1/agent.json'],
    ['with a space', 'https://client.example/agent .json'],
    ['of another scheme', 'ftp://client.example/agent.json'],
    ['of a file', 'file:///etc/passwd'],
    ['without a host', 'https:///agent.json'],
  ])('one %s is not even looked up', async (_what, url) => {
    await expectErrorPage(url);
    expect(resolved).toEqual([]);
    expectNoConnection();
  });

  it('nor is any other address fetched that a registration can name', async () => {
    const inside = `https://127.0.0.1:${port}/keys`;
    for (const metadata of [
      { jwks_uri: inside, token_endpoint_auth_method: 'private_key_jwt' },
      { sector_identifier_uri: inside, subject_type: 'pairwise' },
      { logo_uri: inside, policy_uri: inside, tos_uri: inside, client_uri: inside },
      { request_uris: [inside] },
    ]) {
      const response = await registration(server.origin, { redirect_uris: [REDIRECT], ...metadata });
      const { client_id: clientId = 'unknown' } = (await response.json()) as { client_id?: string };
      const client = new OAuthClient(server.origin, clientId, REDIRECT);
      await server.browser().open(client.authorizationUrl());
      await server.browser().open(client.authorizationUrl({ request_uri: inside }));
      await client.token({
        grant_type: 'authorization_code',
        code: 'unknown',
        redirect_uri: REDIRECT,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertionOf(clientId, server.origin),
      });
    }
    expectNoConnection();
  });
});

function assertionOf(clientId: string, audience: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: audience, jti: 'j', iat: now, exp: now + 60 };
  const parts = [{ alg: 'ES256', kid: 'k' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return [...parts, Buffer.alloc(64).toString('base64url')].join('.');
}
