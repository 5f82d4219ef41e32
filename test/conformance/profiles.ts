import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBearerProxy } from '../fixtures/bearer-proxy.ts';
import { type FairleadProcess, startFairlead } from '../fixtures/fairlead-process.ts';
import { startNginx } from '../fixtures/nginx.ts';
import { startRedis } from '../fixtures/redis-server.ts';
import { declareService, serviceToken } from '../fixtures/service-client.ts';

/** A way in which the server is run. */
export interface Profile {
  readonly name: string;
  readonly title: string;
  /** A sentence. */
  readonly description: string;
  /** Starts it; `undo` collects what is to be stopped at the end, the last first. */
  start(undo: Undo): Promise<{ readonly mcpUrl: string }>;
}

type Undo = (stop: () => Promise<unknown>) => void;

const REPLICAS = 3;

export const PROFILES: readonly Profile[] = [
  {
    name: 'plain',
    title: 'alone',
    description: 'One process on loopback, without authentication.',
    start: async (undo) => ({ mcpUrl: (await startServer(undo)).mcpUrl.href }),
  },
  {
    name: 'auth',
    title: 'signed in',
    description:
      'One process with its authorization server. The suite sends no token, so a small proxy adds one that a service client was given.',
    async start(undo) {
      const folder = await temporaryFolder(undo);
      const { origin } = await startServer(undo, {
        FAIRLEAD_AUTH_MODE: 'embedded',
        FAIRLEAD_CONFIG: await declareService(folder),
      });
      const proxy = await startBearerProxy(origin, await serviceToken(origin));
      undo(() => proxy.close());
      return { mcpUrl: `${proxy.origin}/mcp` };
    },
  },
  {
    name: 'nginx',
    title: 'nginx',
    description: 'One process behind a real nginx with its default buffering.',
    async start(undo) {
      const { origin } = await startServer(undo);
      return { mcpUrl: await behindNginx(undo, [origin]) };
    },
  },
  {
    name: 'replicas',
    title: 'three processes',
    description:
      'Three processes that share one Redis and their keys; nginx gives each request to the next of them.',
    async start(undo) {
      const redis = await startRedis();
      undo(() => redis.stop());
      const shared = {
        FAIRLEAD_STORE: redis.url,
        FAIRLEAD_DATA_DIR: await temporaryFolder(undo),
      };
      // The first one makes the keys.
      const origins = [(await startServer(undo, shared)).origin];
      while (origins.length < REPLICAS) origins.push((await startServer(undo, shared)).origin);
      return { mcpUrl: await behindNginx(undo, origins) };
    },
  },
];

async function startServer(
  undo: Undo,
  environment: Readonly<Record<string, string>> = {},
): Promise<FairleadProcess> {
  const server = await startFairlead(
    {
      FAIRLEAD_AUTH_MODE: 'none',
      // Connections short enough for a call to outlast one, so that the suite sees it resumed.
      FAIRLEAD_MCP_STREAMS_AFTER_MS: '200',
      FAIRLEAD_MCP_STREAMS_MAX_CONNECTION_MS: '1500',
      ...environment,
    },
    [path.join(import.meta.dirname, 'serve.ts')],
  );
  undo(() => server.stop());
  return server;
}

async function behindNginx(undo: Undo, origins: readonly string[]): Promise<string> {
  const nginx = await startNginx(origins);
  undo(() => nginx.stop());
  return `${nginx.origin}/mcp`;
}

async function temporaryFolder(undo: Undo): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fairlead-conformance-'));
  undo(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
