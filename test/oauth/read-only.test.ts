import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, signIn } from '../fixtures/authorization-server.ts';
import { Browser } from '../fixtures/browser.ts';
import { type FairleadProcess, OWNER, startFairlead } from '../fixtures/fairlead-process.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { modernClient } from '../fixtures/raw-mcp.ts';

const POLICY = { policy: { rules: [{ name: 'agents', clients: ['*'] }] } };

let fairlead: FairleadProcess;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-read-only-'));
  const file = path.join(folder, 'fairlead.yaml');
  await writeFile(file, JSON.stringify(POLICY));
  fairlead = await startFairlead({ FAIRLEAD_CONFIG: file, FAIRLEAD_READ_ONLY: 'true' });
});
afterAll(async () => {
  await fairlead.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('read-only mode', () => {
  it('offers no tool that writes, and grants no scope that would then serve nothing', async () => {
    const client = await OAuthClient.register(fairlead.origin);
    const browser = new Browser(fairlead.origin);
    const page = await signIn(browser, client.authorizationUrl({ scope: 'files:read files:write' }), OWNER);
    expect(page.html).not.toContain('files:write');
    const { url } = await answer(browser, page);
    const { body } = await client.exchange(url.searchParams.get('code') ?? '');
    expect(body.scope).toBe('files:read');
    const headers = { authorization: `Bearer ${body.access_token ?? ''}` };
    const agent = modernClient(fairlead.mcpUrl.href, { headers });
    const { text } = await agent.request('tools/list');
    expect(text).toContain('read_file');
    expect(text).not.toContain('write_file');
    const call = await agent.request('tools/call', { name: 'write_file', arguments: { content: 'x' } });
    expect(call.text).toContain('Unknown tool');
  });

  it('does not know the scope any more', async () => {
    const client = await OAuthClient.register(fairlead.origin);
    const browser = new Browser(fairlead.origin);
    const { url } = await browser.open(client.authorizationUrl({ scope: 'files:write' }));
    expect(url.searchParams.get('error')).toBe('invalid_scope');
  });
});
