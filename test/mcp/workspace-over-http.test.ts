import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeFolder, openTools, type Tree } from '../fixtures/file-tools.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { FREQUENT } from '../fixtures/workspace-watch.ts';

/** A client of revision 2025-11-25 on a server that offers the files of a workspace. */
async function setUp(tree: Tree) {
  const workspace = await makeFolder(tree);
  const { tools, resources, prompts } = await openTools(workspace, { files: { maxResourceBytes: 4096 } });
  const endpoint = await startMcpEndpoint({ tools, resources: [resources], prompts });
  const client = new ClientV1({ name: 'test', version: '1.0.0' });
  onTestFinished(async () => {
    await client.close();
    await endpoint.close();
  });
  await client.connect(new TransportV1(new URL(endpoint.url)));
  return { client, endpoint, at: (path: string) => join(workspace, path) };
}

describe('the files of a workspace, as a client meets them', () => {
  it('come in parts where they are large: the error leads to the first, each part to the next', async () => {
    const content = 'naïve line\n'.repeat(700);
    const { client } = await setUp({ 'big.md': content });
    const failure: unknown = await client.readResource({ uri: 'fairlead://workspace/big.md' }).catch(String);
    let next = /(fairlead:\S+length=\d+)/.exec(String(failure))?.[1];
    let text = '';
    while (next !== undefined) {
      const { contents } = await client.readResource({ uri: next });
      const [part] = contents;
      expect(part).toMatchObject({ uri: next, mimeType: 'text/markdown' });
      text += part !== undefined && 'text' in part ? part.text : '';
      next = part?._meta?.['next'] as string | undefined;
    }
    expect(text).toBe(content);
  });

  it('are completed by path, for the whole and for a part', async () => {
    const { client } = await setUp({ 'docs/plans/a.md': '', 'docs/plans/b.md': '' });
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toHaveLength(2);
    for (const { uriTemplate: uri } of resourceTemplates) {
      const { completion } = await client.complete({
        ref: { type: 'ref/resource', uri },
        argument: { name: 'path', value: 'docs/plans/' },
      });
      expect(completion.values).toEqual(['docs/plans/a.md', 'docs/plans/b.md']);
    }
  });

  it('are told of when they change, and when there are others', async () => {
    const { client, at } = await setUp({ 'docs/a.md': 'one', 'docs/b.md': 'one' });
    const told: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      told.push(params.uri);
    });
    client.setNotificationHandler(ResourceListChangedNotificationSchema, () => {
      told.push('list');
    });
    await client.subscribeResource({ uri: 'fairlead://workspace/docs/a.md' });
    await writeFile(at('docs/b.md'), 'two');
    await writeFile(at('docs/a.md.tmp'), 'two');
    await rename(at('docs/a.md.tmp'), at('docs/a.md'));
    await writeFile(at('new.md'), '');
    await vi.waitFor(() => {
      expect(told).toContain('fairlead://workspace/docs/a.md');
      expect(told).toContain('list');
    }, FREQUENT);
    expect(told).not.toContain('fairlead://workspace/docs/b.md');
  });
});

describe('the prompts on a workspace, as a client meets them', () => {
  it('are listed, completed and filled in', async () => {
    const { client } = await setUp({ 'data/orders.csv': 'id,customer\n1,Ann\n' });
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(['explore_data_set', 'review_folder', 'write_report']);
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'explore_data_set' },
      argument: { name: 'path', value: 'data/' },
    });
    expect(completion.values).toEqual(['data/orders.csv']);
    const { messages } = await client.getPrompt({
      name: 'explore_data_set',
      arguments: { path: 'data/orders.csv' },
    });
    expect(messages.map(({ content }) => content)).toMatchObject([
      { type: 'text', text: expect.stringContaining('/data/orders.csv') as string },
      { type: 'text', text: expect.stringContaining('id,customer\n1,Ann') as string },
    ]);
  });

  it('refuse a path that leads nowhere, with the one that was meant', async () => {
    const { client } = await setUp({ 'data/orders.csv': '' });
    const prompt = { name: 'explore_data_set', arguments: { path: 'data/order.csv' } };
    await expect(client.getPrompt(prompt)).rejects.toThrow(
      /PATH_NOT_FOUND: .*Next: get the prompt explore_data_set with path \/data\/orders\.csv/,
    );
  });
});
