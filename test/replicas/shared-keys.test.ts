import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { newKeyRing, rotateKeys } from '../../src/keys/index.ts';
import { DpopKey, presentBound } from '../fixtures/dpop-key.ts';
import { type FairleadProcess, freePort, startFairlead } from '../fixtures/fairlead-process.ts';
import { declareService, serviceToken } from '../fixtures/service-client.ts';

const SERVE = path.join(import.meta.dirname, 'serve.ts');

let folder: string;
let file: string;
let publicUrl: string;
/** With the key ring in the environment, and in a file that both are told of: no data folder is shared. */
let replicas: [FairleadProcess, FairleadProcess];
const ring = newKeyRing(systemClock);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-shared-keys-'));
  file = path.join(folder, 'ring.json');
  await writeFile(file, ring, { mode: 0o440 });
  publicUrl = `http://127.0.0.1:${await freePort()}`;
  const start = async (keys: Record<string, string>): Promise<FairleadProcess> =>
    startFairlead(
      {
        PUBLIC_URL: publicUrl,
        FAIRLEAD_CONFIG: await declareService(folder),
        FAIRLEAD_STORE: `sqlite:${path.join(folder, 'state.sqlite')}`,
        ...keys,
      },
      [SERVE],
    );
  replicas = [await start({ FAIRLEAD_KEYS: ring }), await start({ FAIRLEAD_KEYS_FILE: file })];
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await rm(folder, { recursive: true, force: true });
});

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

const INITIALIZE = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

function post({ mcpUrl }: FairleadProcess, headers: object, message: object): Promise<Response> {
  return fetch(mcpUrl, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });
}

it('processes with one key ring take each other’s tokens and sessions', async () => {
  const [one, other] = replicas;
  for (const [issuer, user] of [
    [one, other],
    [other, one],
  ] as const) {
    const headers = { authorization: `Bearer ${await serviceToken(issuer.origin)}` };
    const begun = await post(issuer, headers, INITIALIZE);
    expect(begun.status).toBe(200);
    await begun.body?.cancel();
    const session = begun.headers.get('mcp-session-id') ?? '';
    expect(session).not.toBe('');
    const listed = await post(
      user,
      { ...headers, 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' },
      { id: 2, method: 'tools/list', params: {} },
    );
    expect(listed.status).toBe(200);
    expect(await listed.text()).toContain('read_file');
  }
});

it('a proof of possession that one process has seen is refused by the other', async () => {
  const key = await DpopKey.create();
  const token = await boundToken(key);
  const proof = await key.proof(['GET', `${publicUrl}/mcp`], token);
  // That there is no stream without a session is another matter: the token was taken.
  const statuses = [];
  for (const { mcpUrl } of replicas) statuses.push((await presentBound(mcpUrl.href, token, proof)).status);
  expect(statuses[0]).not.toBe(401);
  expect(statuses[1]).toBe(401);
});

it('a file that changes is used without a restart, and what the old keys signed stays good', async () => {
  const [, watching] = replicas;
  const before = await serviceToken(watching.origin);
  const rotated = await rotateKeys({ dataDir: folder, file }, systemClock, { lead: 0 });
  await writeFile(`${file}.new`, rotated.ring ?? '', { mode: 0o440 });
  await rename(`${file}.new`, file);
  await expect
    .poll(async () => decodeProtectedHeader(await serviceToken(watching.origin)).kid, { timeout: 10_000 })
    .toBe(rotated.kid);
  const headers = { authorization: `Bearer ${before}` };
  expect((await post(watching, headers, INITIALIZE)).status).toBe(200);
});

/** A token of the service that is bound to the key. */
async function boundToken(key: DpopKey): Promise<string> {
  const url = `${publicUrl}/token`;
  const [one] = replicas;
  const send = async (): Promise<Response> =>
    fetch(`${one.origin}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa('test-service:a-secret-of-the-tests-and-of-nothing-else')}`,
        dpop: await key.proof(['POST', url]),
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'files:read' }),
    });
  const asked = await send();
  key.nonce = asked.headers.get('dpop-nonce') ?? '';
  await asked.body?.cancel();
  const { access_token = '' } = (await (await send()).json()) as { access_token?: string };
  return access_token;
}
