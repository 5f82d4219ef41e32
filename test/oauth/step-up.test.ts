import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, signIn } from '../fixtures/authorization-server.ts';
import { Browser } from '../fixtures/browser.ts';
import { type FairleadProcess, OWNER, startFairlead } from '../fixtures/fairlead-process.ts';
import { OAuthClient, REDIRECT_URI } from '../fixtures/oauth-client.ts';
import { modernClient, openRawSession, type RawAnswer } from '../fixtures/raw-mcp.ts';
import { openSseSession } from '../fixtures/sse-client.ts';
import { type SteppingClient, steppingV1, steppingV2 } from '../fixtures/stepping-clients.ts';

/** What the tool does may lose what was there: without a rule that names the client nobody could call it. */
const POLICY = { policy: { rules: [{ name: 'agents', clients: ['*'] }] } };
const GENEROUS = {
  FAIRLEAD_HTTP_RATE_LIMITS_AUTHORIZE_PER_MINUTE: '10000',
  FAIRLEAD_HTTP_RATE_LIMITS_TOKEN_PER_MINUTE: '10000',
  FAIRLEAD_HTTP_RATE_LIMITS_REGISTER_PER_MINUTE: '10000',
};
const HELD = ['files:read'];
const WANTED = ['files:read', 'files:write'];

let fairlead: FairleadProcess;
let folder: string;
/** Signed in from the first time on. */
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-step-up-'));
  const file = path.join(folder, 'fairlead.yaml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(POLICY));
  await mkdir(path.join(folder, 'workspace'));
  await writeFile(path.join(folder, 'workspace/written.md'), '');
  const workspace = { FAIRLEAD_WORKSPACE: path.join(folder, 'workspace') };
  fairlead = await startFairlead({ FAIRLEAD_CONFIG: file, ...workspace, ...GENEROUS });
  browser = new Browser(fairlead.origin);
});
afterAll(async () => {
  await fairlead.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Signs in and allows; answers what the client is sent back with. */
async function allow(authorizationUrl: URL): Promise<URLSearchParams> {
  const page = await signIn(browser, authorizationUrl, OWNER);
  const { url, html } = page.forms.length === 0 ? page : await answer(browser, page);
  if (!url.searchParams.has('code')) throw new Error(`No code at ${url.href}: ${html}`);
  return url.searchParams;
}

async function tokenFor(scope: string): Promise<string> {
  const client = await OAuthClient.register(fairlead.origin);
  const code = (await allow(client.authorizationUrl({ scope }))).get('code');
  const { body } = await client.exchange(code ?? '');
  if (body.access_token === undefined) throw new Error(`No token: ${JSON.stringify(body)}`);
  return body.access_token;
}

function scopesOf(token: string | undefined): string[] {
  return String(decodeJwt(token ?? '')['scope'])
    .split(' ')
    .toSorted();
}

/** What the tool has written so far, a line for each run. */
async function runs(): Promise<number> {
  return (await readFile(path.join(folder, 'workspace/written.md'), 'utf8')).split('\n').length - 1;
}

function expectChallenge({ status, headers, json }: RawAnswer): void {
  expect(status).toBe(403);
  expect(json?.error?.data).toMatchObject({ code: 'SCOPE_REQUIRED' });
  const challenge = headers.get('www-authenticate') ?? '';
  expect(challenge).toMatch(/^Bearer .*error="insufficient_scope"/);
  expect(challenge).toMatch(/resource_metadata="http:[^"]+"/);
  expect(/scope="([^"]*)"/.exec(challenge)?.[1]?.split(' ').toSorted()).toEqual(WANTED);
}

describe('a call that needs more than the token holds', () => {
  const call = {
    name: 'write_file',
    arguments: { path: '/written.md', content: 'x\n', if_exists: 'append' },
  };

  it('is a real 403 with all that the call needs and all that is held, and the tool does not run', async () => {
    const before = await runs();
    const headers = { authorization: `Bearer ${await tokenFor('files:read')}` };
    expectChallenge(await modernClient(fairlead.mcpUrl.href, { headers }).request('tools/call', call));
    for (const protocolVersion of ['2025-11-25', '2025-06-18', '2025-03-26']) {
      const session = await openRawSession(fairlead.mcpUrl.href, { headers, protocolVersion });
      expect(session.protocolVersion).toBe(protocolVersion);
      expectChallenge(await session.request('tools/call', call));
    }
    const stream = await openSseSession(fairlead.mcpUrl.href, { headers });
    expectChallenge(await stream.post({ jsonrpc: '2.0', id: 'x', method: 'tools/call', params: call }));
    stream.stream.close();
    expect(await runs()).toBe(before);
  });

  it('is in the connection log of the client, with what the call needs', async () => {
    const token = await tokenFor('files:read');
    const headers = { authorization: `Bearer ${token}` };
    await modernClient(fairlead.mcpUrl.href, { headers }).request('tools/call', call);
    const query = new URLSearchParams({ client: String(decodeJwt(token)['client_id']) }).toString();
    await expect
      .poll(async () => (await browser.open(`/admin/connections/of?${query}`)).html)
      .toMatch(/was told that a call needs more scopes.*files:write/s);
  });

  it('is refused in a batch as a whole', async () => {
    const headers = { authorization: `Bearer ${await tokenFor('files:read')}` };
    const session = await openRawSession(fairlead.mcpUrl.href, { headers, protocolVersion: '2025-03-26' });
    expectChallenge(
      await session.post([
        { jsonrpc: '2.0', id: 1, method: 'ping' },
        { jsonrpc: '2.0', id: 2, method: 'tools/call', params: call },
      ]),
    );
  });

  it('goes on with the open stream of the older transport, by the wider token', async () => {
    const client = await OAuthClient.register(fairlead.origin);
    const obtain = async (scope: string): Promise<string> => {
      const code = (await allow(client.authorizationUrl({ scope }))).get('code') ?? '';
      return (await client.exchange(code)).body.access_token ?? '';
    };
    const headers = { authorization: `Bearer ${await obtain('files:read')}` };
    const stream = await openSseSession(fairlead.mcpUrl.href, { headers });
    const message = { jsonrpc: '2.0', id: 'stepped', method: 'tools/call', params: call };
    expectChallenge(await stream.post(message));
    const wider = { authorization: `Bearer ${await obtain(WANTED.join(' '))}` };
    expect((await stream.post(message, { headers: wider })).status).toBe(202);
    const response = await stream.stream.message(({ id }) => id === 'stepped');
    expect(JSON.stringify(response)).toContain('/written.md');
    stream.stream.close();
  });
});

describe('a client of the current SDK', () => {
  it.each(['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'])(
    'is sent to authorize again under %s, loses no scope, and its call succeeds',
    async (revision) => {
      const client = steppingV2(fairlead.mcpUrl, revision, REDIRECT_URI);
      await stepUp(client, revision);
    },
  );
});

describe('a client of the previous SDK', () => {
  it.each(['2025-11-25', '2025-06-18', '2025-03-26'])(
    'is sent to authorize again under %s where it holds no refresh token, and its call succeeds',
    async (revision) => {
      const client = steppingV1(fairlead.mcpUrl, revision, REDIRECT_URI);
      await stepUp(client, revision);
    },
  );

  it('with a refresh token tries that first, which cannot bring a scope, and reports the 403', async () => {
    const client = steppingV1(fairlead.mcpUrl, '2025-11-25', REDIRECT_URI, { refreshes: true });
    await begin(client);
    await expect(client.write('x')).rejects.toThrow(/403/);
    expect(scopesOf(client.wallet.tokens?.access_token)).toEqual(HELD);
    await client.close();
  });
});

async function begin(client: SteppingClient): Promise<void> {
  await expect(client.connect()).rejects.toThrow(/unauthorized/i);
  await follow(client);
  await client.connect();
  expect(scopesOf(client.wallet.tokens?.access_token)).toEqual(HELD);
}

/** Does what the client's person does. */
async function follow(client: SteppingClient): Promise<void> {
  const { authorizationUrl } = client.wallet;
  if (authorizationUrl === undefined) throw new Error('The client was not sent to authorize');
  client.wallet.authorizationUrl = undefined;
  await client.finishAuth(await allow(authorizationUrl));
}

async function stepUp(client: SteppingClient, revision: string): Promise<void> {
  await begin(client);
  expect(client.revision()).toBe(revision);
  await expect(client.write('x')).rejects.toThrow(/unauthorized/i);
  const asked = client.wallet.authorizationUrl?.searchParams.get('scope') ?? '';
  expect(asked.split(' ')).toEqual(expect.arrayContaining(WANTED));
  await follow(client);
  const result = await client.write('after stepping up');
  expect(result.isError).not.toBe(true);
  expect(await readFile(path.join(folder, 'workspace/written.md'), 'utf8')).toMatch(/^after stepping up$/m);
  expect(scopesOf(client.wallet.tokens?.access_token)).toEqual(WANTED);
  await client.close();
}
