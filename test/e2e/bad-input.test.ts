import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declareService, serviceToken } from '../fixtures/service-client.ts';
import { type FairleadProcess, startFairlead } from '../fixtures/fairlead-process.ts';
import { MODERN, modernMeta } from '../fixtures/mcp-endpoint.ts';

let folder: string;
let fairlead: FairleadProcess;
let authorization: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-bad-input-'));
  fairlead = await startFairlead({ FAIRLEAD_CONFIG: await declareService(folder) });
  authorization = `Bearer ${await serviceToken(fairlead.origin)}`;
});
afterAll(async () => {
  expect(await fairlead.stop()).toBe(0);
  await rm(folder, { recursive: true });
});

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(fairlead.mcpUrl, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body,
  });
}

const modernCall = (method: string) =>
  post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { _meta: modernMeta } }), {
    'mcp-protocol-version': MODERN,
    'mcp-method': method,
  });

describe('bad input to the whole server', () => {
  it.each([
    ['a body of 10 MB', () => post(' '.repeat(10_000_000)), 413, -32600],
    ['malformed JSON', () => post('{"jsonrpc": '), 400, -32700],
    ['an unknown method', () => modernCall('no/such/method'), 404, -32601],
    ['bytes that are no text', () => post('\u0000\u0001\ufffd'), 400, -32700],
    [
      'another media type',
      () => post('a=b', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      -32600,
    ],
  ])('answers %s with its status and code, and nothing of the inside', async (_what, send, status, code) => {
    const response = await send();
    const body = await response.text();
    expect(response.status).toBe(status);
    expect(JSON.parse(body)).toMatchObject({ jsonrpc: '2.0', error: { code } });
    expect(body).not.toMatch(/node_modules|dist\/|\.m?[jt]s:\d|\n\s+at /);
  });

  it('refuses a body without a token before it is read', async () => {
    const response = await post(' '.repeat(10_000_000), { authorization: '' });
    expect(response.status).toBe(401);
    const signIn = `resource_metadata="${fairlead.origin}/.well-known/oauth-protected-resource/mcp", scope="files:read"`;
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer ${signIn}, DPoP ${signIn}, algs="ES256 Ed25519 EdDSA"`,
    );
  });

  it('answers an unknown address as JSON or as a page, as it is asked', async () => {
    const json = await fetch(`${fairlead.origin}/no/such/page`);
    expect(json.status).toBe(404);
    expect(await json.json()).toMatchObject({ error: 'not_found' });
    const page = await fetch(`${fairlead.origin}/no/such/page`, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(404);
    expect(page.headers.get('content-type')).toMatch('text/html');
  });

  it('goes on serving after all of it', async () => {
    expect((await modernCall('tools/list')).status).toBe(200);
    expect(fairlead.child.exitCode).toBeNull();
    expect(fairlead.output()).not.toContain('"level":50');
  });
});
