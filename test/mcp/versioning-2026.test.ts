import { afterAll, describe, expect, it } from 'vitest';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { initializeMessage, modernClient, openRawSession, sendRaw } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool] });
afterAll(() => endpoint.close());
const client = modernClient(endpoint.url);

const discover = async () => (await (await client.request('server/discover')).response()).result ?? {};

describe('a revision that is not served', () => {
  it.each(['2099-01-01', '1900-01-01', 'latest', '2026-07-2'])(
    cites(
      [
        '2026-07-28/versioning/unsupported-version',
        '2026-07-28/streamable-http/version-unsupported',
        '2026-07-28/basic/reserved-codes-meaning',
      ],
      'is refused with 400 and -32022 where it is %s, with those that are served',
    ),
    async (revision) => {
      const answer = await client.request(
        'tools/list',
        { _meta: { [VERSION]: revision } },
        { 'mcp-protocol-version': revision },
        'mine',
      );
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({
        jsonrpc: '2.0',
        id: 'mine',
        error: {
          code: -32022,
          data: { supported: expect.arrayContaining(['2026-07-28']) as string[], requested: revision },
        },
      });
    },
  );
});

describe('server/discover', () => {
  it(
    cites(
      [
        '2026-07-28/versioning/discover',
        '2026-07-28/discover/implemented',
        '2026-07-28/discover/server-info',
      ],
      'tells revisions, capabilities and who the server is',
    ),
    async () => {
      expect(await discover()).toMatchObject({
        resultType: 'complete',
        supportedVersions: expect.arrayContaining(['2026-07-28']) as string[],
        capabilities: { tools: {}, logging: {} },
        instructions: expect.any(String) as string,
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'fairlead', version: '0.0.0-test' } },
      });
    },
  );

  it('names only revisions in which requests can be sent like this one', async () => {
    const { supportedVersions } = await discover();
    for (const revision of supportedVersions as string[]) {
      const { status } = await client.request(
        'tools/list',
        { _meta: { [VERSION]: revision } },
        { 'mcp-protocol-version': revision },
      );
      expect(status, revision).toBe(200);
    }
  });
});

describe('extensions', () => {
  it(
    cites(
      ['2026-07-28/versioning/extension-identifiers'],
      'are declared under identifiers with a prefix that is a domain name in reverse',
    ),
    async () => {
      const { capabilities } = await discover();
      const { extensions = {} } = capabilities as { extensions?: Record<string, unknown> };
      expect(Object.keys(extensions)).toContain('io.modelcontextprotocol/tasks');
      for (const [identifier, settings] of Object.entries(extensions)) {
        expect(identifier).toMatch(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+\/[a-z0-9][a-z0-9._-]*$/i);
        expect(settings).toBeTypeOf('object');
      }
    },
  );

  it(
    cites(
      ['2026-07-28/versioning/extension-fallback'],
      'that the client does not declare change nothing, and what belongs to them alone is refused',
    ),
    async () => {
      const answering = client.request('tools/call', { name: 'do_work', arguments: { key: 'core' } });
      (await puppet.started('core')).finish('core');
      const { result } = await (await answering).response();
      expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'core' }] });
      for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
        const { error } = await (await client.request(method, { taskId: 'none' })).response();
        expect([-32601, -32602, -32021], method).toContain(error?.code);
      }
    },
  );
});

describe('both eras', () => {
  it('are served at one address, each as its client opens', async () => {
    const session = await openRawSession(endpoint.url);
    const [old, current] = [await session.request('tools/list'), await client.request('tools/list')];
    expect(old.json?.result).not.toHaveProperty('resultType');
    expect(current.json?.result).toMatchObject({ resultType: 'complete' });
    // A modern client's headers do not make `initialize` anything else.
    const opened = await sendRaw(endpoint.url, { body: initializeMessage() });
    expect(opened.json?.result).toMatchObject({ protocolVersion: '2025-11-25' });
  });
});
