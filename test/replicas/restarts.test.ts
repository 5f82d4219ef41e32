import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy, type Deployment } from './deployment.ts';
import { SQLITE } from './shared-stores.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await deploy(1, SQLITE);
  await writeFile(path.join(deployment.folder, 'watched.txt'), 'as it was');
});
afterAll(() => deployment.stop());

/** Whatever the address was, the request goes to where the server is now, as a balancer would send it. */
const toTheServer = (input: string | URL, init?: RequestInit): Promise<Response> => {
  const { pathname } = new URL(input);
  return fetch(new URL(pathname, deployment.urls[0]), init);
};

/** A single server is away for as long as it takes to start; clients give up soon by default. */
const reconnectionOptions = {
  maxRetries: 100,
  initialReconnectionDelay: 100,
  maxReconnectionDelay: 500,
  reconnectionDelayGrowFactor: 1,
};

const about = { name: 'fairlead-test', version: '1.0.0' };
const URI = 'fairlead://workspace/watched.txt';

interface Connected {
  readonly sessionId: () => string | undefined;
  readonly toolCount: () => Promise<number>;
  readonly call: (name: string, args: Record<string, unknown>) => Promise<unknown>;
  readonly subscribe: () => Promise<unknown>;
  readonly updated: string[];
  readonly close: () => Promise<void>;
}

async function connectV1(): Promise<Connected> {
  const client = new ClientV1(about);
  const updated: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updated.push(params.uri);
  });
  const transport = new TransportV1(new URL(deployment.urls[0] ?? ''), {
    fetch: toTheServer,
    reconnectionOptions,
  });
  // The generations' types of optional members differ under exactOptionalPropertyTypes.
  await client.connect(transport);
  return {
    sessionId: () => transport.sessionId,
    toolCount: async () => (await client.listTools()).tools.length,
    call: (name, args) => client.callTool({ name, arguments: args }),
    subscribe: () => client.subscribeResource({ uri: URI }),
    updated,
    close: () => client.close(),
  };
}

async function connectV2(): Promise<Connected> {
  const client = new ClientV2(about);
  const updated: string[] = [];
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    updated.push(params.uri);
  });
  const transport = new TransportV2(new URL(deployment.urls[0] ?? ''), {
    fetch: toTheServer,
    reconnectionOptions,
  });
  await client.connect(transport);
  return {
    sessionId: () => transport.sessionId,
    toolCount: async () => (await client.listTools()).tools.length,
    call: (name, args) => client.callTool({ name, arguments: args }),
    subscribe: () => client.subscribeResource({ uri: URI }),
    updated,
    close: () => client.close(),
  };
}

/** Resolves once the client is told of what it has subscribed to. */
async function isTold({ call, updated }: Connected): Promise<void> {
  updated.length = 0;
  const told = async (): Promise<readonly string[]> => {
    await call('touch_resource', { uri: URI });
    return updated;
  };
  await expect.poll(told, { timeout: 15_000, interval: 100 }).toContain(URI);
}

describe.each([
  ['v1', connectV1],
  ['v2', connectV2],
])('a client of SDK %s', (_generation, connect) => {
  it(
    'keeps its session while the server is killed and restarted between any two requests',
    { timeout: 60_000 },
    async () => {
      const client = await connect();
      const session = client.sessionId();
      expect(session).toBeDefined();
      await client.subscribe();
      // Clients do not open their stream of notifications again if it was never open.
      await isTold(client);
      for (const request of [client.toolCount, () => client.call('say_level', {}), client.toolCount]) {
        await deployment.restart(0);
        await expect(request()).resolves.toBeDefined();
        expect(client.sessionId()).toBe(session);
      }
      await isTold(client);
      await client.close();
    },
  );
});
