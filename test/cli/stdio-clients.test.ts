import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as TransportV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { COMPILE_CACHE } from '../fixtures/compile-cache.ts';
import { makeWorkspace, STDIO_SERVER } from '../fixtures/stdio-process.ts';

const SOON = { timeout: 15_000 };
const about = { name: 'fairlead-test', version: '1.0.0' };
const capabilities = { elicitation: {} };
const accepted = () => ({ action: 'accept' as const, content: { name: 'Ada' } });

interface Heard {
  readonly logged: unknown[];
  readonly updated: string[];
  lists: number;
}

interface Connected {
  readonly revision: string | undefined;
  tools(): Promise<string[]>;
  call(
    name: string,
    args?: Record<string, unknown>,
    options?: { onprogress?: (progress: { progress: number }) => void; signal?: AbortSignal },
  ): Promise<unknown>;
  prompts(): Promise<unknown>;
  read(uri: string): Promise<unknown>;
  /** Asks to hear of changes of the resource and of the list. */
  follow(uri: string): Promise<void>;
}

let workspace: string;
let heard: Heard;

beforeEach(async () => {
  workspace = await makeWorkspace();
  await writeFile(join(workspace, 'note.txt'), 'one\n');
  heard = { logged: [], updated: [], lists: 0 };
});

const parameters = () => ({
  ...{ command: process.execPath, args: [STDIO_SERVER], cwd: workspace, stderr: 'ignore' as const },
  env: { ...COMPILE_CACHE, FAIRLEAD_WORKSPACE: workspace },
});

async function connectV2(): Promise<Connected> {
  const client = new ClientV2(about, { capabilities, versionNegotiation: { mode: 'auto' } });
  client.setRequestHandler('elicitation/create', accepted);
  client.setNotificationHandler('notifications/message', ({ params }) => void heard.logged.push(params.data));
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    heard.updated.push(params.uri);
  });
  client.setNotificationHandler('notifications/resources/list_changed', () => {
    heard.lists++;
  });
  onTestFinished(() => client.close());
  await client.connect(new TransportV2(parameters()));
  return {
    revision: client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args = {}, options = {}) =>
      client.callTool(
        { name, arguments: args, _meta: { 'io.modelcontextprotocol/logLevel': 'info' } },
        options,
      ),
    prompts: () => client.listPrompts(),
    read: (uri) => client.readResource({ uri }),
    follow: async (uri) => {
      await client.listen({ resourceSubscriptions: [uri], resourcesListChanged: true });
    },
  };
}

async function connectV1(): Promise<Connected> {
  const client = new ClientV1(about, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, accepted);
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    heard.logged.push(params.data);
  });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    heard.updated.push(params.uri);
  });
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => {
    heard.lists++;
  });
  onTestFinished(() => client.close());
  await client.connect(new TransportV1(parameters()));
  return {
    revision: '2025-11-25',
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, undefined, options),
    prompts: () => client.listPrompts(),
    read: (uri) => client.readResource({ uri }),
    follow: async (uri) => {
      await client.subscribeResource({ uri });
    },
  };
}

describe.each([
  ['the current SDK', '2026-07-28', connectV2],
  ['the previous SDK', '2025-11-25', connectV1],
])('a client of %s over standard streams', (_sdk, revision, connect) => {
  it('has the tools, resources and prompts', async () => {
    const client = await connect();
    expect(client.revision).toBe(revision);
    expect(await client.tools()).toEqual(expect.arrayContaining(['info', 'list_files', 'read_file']));
    expect(JSON.stringify(await client.call('read_file', { path: '/note.txt' }))).toContain('one');
    expect(JSON.stringify(await client.read('fairlead://workspace/note.txt'))).toContain('one');
  });

  it('is told of progress and sent log lines', async () => {
    const client = await connect();
    const steps: number[] = [];
    // Clients forget a call with its answer, and with it what came in the same moment.
    const until = join(workspace, 'told');
    const onprogress = ({ progress }: { progress: number }): void => {
      steps.push(progress);
      void writeFile(until, '');
    };
    await client.call('report_steps', { until }, { onprogress });
    expect(steps[0]).toBe(1);
    await expect.poll(() => heard.logged).toEqual(['half done']);
  });

  it('is asked, and its answer reaches the call', async () => {
    const client = await connect();
    expect(await client.call('ask_name')).toMatchObject({ content: [{ text: 'Ada' }] });
  });

  it('cancels a call and goes on', async () => {
    const client = await connect();
    const controller = new AbortController();
    const call = client.call('search_forever', { folder: workspace }, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toThrow();
    expect(await client.call('info')).toMatchObject({ content: [{ type: 'text' }] });
  });

  it('hears of changes in the workspace', async () => {
    const client = await connect();
    await client.follow('fairlead://workspace/note.txt');
    let count = 0;
    await expect
      .poll(async () => {
        await writeFile(join(workspace, 'note.txt'), `change ${++count}\n`);
        return heard.updated;
      }, SOON)
      .toContain('fairlead://workspace/note.txt');
    await expect
      .poll(async () => {
        await writeFile(join(workspace, `new-${++count}.txt`), '');
        return heard.lists;
      }, SOON)
      .toBeGreaterThan(0);
    await rm(join(workspace, 'note.txt'));
  });
});
