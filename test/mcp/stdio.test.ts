import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { initializeMessage } from '../fixtures/raw-mcp.ts';
import { makeWorkspace, StdioProcess } from '../fixtures/stdio-process.ts';
import { cites } from '../requirements.ts';

const SOON = { timeout: 15_000 };
const meta = (capabilities: object = {}, more: object = {}) => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': capabilities,
  ...more,
});
const modern = (id: string | number, method: string, params: object = {}, _meta: object = meta()) => ({
  jsonrpc: '2.0',
  id,
  method,
  params: { ...params, _meta },
});
const toolCall = (name: string, args: object = {}) => ({ name, arguments: args });

async function start(): Promise<{ server: StdioProcess; workspace: string }> {
  const workspace = await makeWorkspace();
  return {
    server: new StdioProcess({ cwd: workspace, env: { PATH: process.env['PATH'] ?? '' } }),
    workspace,
  };
}

/** Names of the processes that the server has started. */
async function childrenOf({ child }: StdioProcess): Promise<string[]> {
  const pids = await readFile(`/proc/${child.pid ?? 0}/task/${child.pid ?? 0}/children`, 'utf8');
  const names = pids.split(' ').map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''));
  return (await Promise.all(names)).map((name) => name.trim()).filter((name) => name !== '');
}

const answered = (server: StdioProcess, id: string | number) =>
  expect.poll(() => server.response(id), SOON).toBeDefined();

describe('fairlead stdio', () => {
  it(
    cites(
      [
        '2026-07-28/stdio/newlines',
        '2026-07-28/stdio/stdout',
        '2026-07-28/basic/stdio-no-authorization',
        '2026-07-28/transports/delivery',
      ],
      'asks nobody for a token and writes messages of one line each, in revision 2026-07-28',
    ),
    async () => {
      const { server } = await start();
      server.send(
        modern('d', 'server/discover'),
        modern(1, 'tools/call', toolCall('babble_on')),
        modern(2, 'tools/call', toolCall('search_files', { query: 'line one\nline two' })),
        modern(3, 'no/such/method\nwith a newline'),
      );
      for (const id of ['d', 1, 2, 3]) await answered(server, id);
      expect(server.response('d')?.result).toMatchObject({ supportedVersions: ['2026-07-28'] });
      expect(server.response(3)?.error?.code).toBe(-32601);
      expect(server.messages.every(({ jsonrpc }) => jsonrpc === '2.0')).toBe(true);
      expect(server.stdout).not.toMatch(/\r|babble by/);
    },
  );

  it(
    cites(
      [
        '2025-11-25/transports/stdio-newlines',
        '2025-11-25/transports/stdio-stdout',
        '2025-11-25/basic/stdio-no-authorization',
      ],
      'does so in revision 2025-11-25',
    ),
    async () => {
      const { server } = await start();
      server.send(initializeMessage(), { jsonrpc: '2.0', method: 'notifications/initialized' });
      await answered(server, 'initialize');
      const call = (id: number, params: object) => ({ jsonrpc: '2.0', id, method: 'tools/call', params });
      server.send(call(1, toolCall('babble_on')), call(2, toolCall('no such\ntool')));
      for (const id of [1, 2]) await answered(server, id);
      expect(server.messages.every(({ jsonrpc }) => jsonrpc === '2.0')).toBe(true);
      expect(server.stdout).not.toMatch(/\r|babble by/);
    },
  );

  it(
    cites(
      ['2026-07-28/stdio/no-requests', '2026-07-28/patterns/no-requests', '2026-07-28/mrtr/by-rounds'],
      'asks by its results in revision 2026-07-28, never by requests',
    ),
    async () => {
      const { server } = await start();
      server.send(modern(1, 'tools/call', toolCall('ask_name'), meta({ elicitation: {}, sampling: {} })));
      await answered(server, 1);
      expect(server.response(1)?.result).toMatchObject({
        resultType: 'input_required',
        inputRequests: { name: { method: 'elicitation/create' } },
      });
      expect(server.messages.filter((message) => message.method !== undefined && 'id' in message)).toEqual(
        [],
      );
    },
  );

  it(
    cites(
      [
        '2026-07-28/stdio/cancel-stops',
        '2026-07-28/stdio/cancel-silent',
        '2026-07-28/cancellation/stops-work',
        '2026-07-28/cancellation/no-response',
        '2026-07-28/cancellation/invalid-ignored',
      ],
      'stops what is cancelled and says nothing more of it, and ignores cancellations of nothing',
    ),
    async () => {
      const { server, workspace } = await start();
      const cancel = (requestId: unknown) => ({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId, reason: 'enough', _meta: meta() },
      });
      const search = toolCall('search_forever', { folder: workspace });
      server.send(
        cancel('nothing'),
        cancel(null),
        modern(1, 'tools/call', search),
        modern(2, 'server/discover'),
      );
      await answered(server, 2);
      await expect.poll(() => childrenOf(server), SOON).toEqual(['rg']);
      server.send(cancel(1), modern(3, 'server/discover'));
      await answered(server, 3);
      await expect.poll(() => childrenOf(server), SOON).toEqual([]);
      expect(server.messages.filter(({ id }) => id === 1)).toEqual([]);
    },
  );

  it(cites(['2026-07-28/stdio/exits-on-eof'], 'ends when its input does'), async () => {
    const { server } = await start();
    server.send(modern(1, 'server/discover'));
    await answered(server, 1);
    server.child.stdin.end();
    expect(await server.ended).toEqual({ status: 0, signal: null });
  });
});
