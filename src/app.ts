import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type Express } from 'express';
import { createAuth, hasAccounts } from './auth/index.ts';
import type { Config } from './config/index.ts';
import type { Changes } from './core/changes.ts';
import type { HealthCheck } from './core/health.ts';
import type { Prompt } from './core/prompt.ts';
import type { ResourceProvider } from './core/resource.ts';
import type { Store } from './core/store.ts';
import type { Logger } from './core/telemetry.ts';
import type { Tool } from './core/tool.ts';
import {
  configureExpress,
  diskCheck,
  drainGate,
  errorResponse,
  hostPolicy,
  Lifecycle,
  listen,
  type Listener,
  listenForMetrics,
  notFound,
  operations,
  originPolicy,
  publicUrlOf,
  rateLimit,
  requestContext,
  securityHeaders,
  storeCheck,
} from './http/index.ts';
import { createPrivateSealer, openKeys } from './keys/index.ts';
import { createMcp, serveStreams, type StdioConnection, type StdioStreams } from './mcp/index.ts';
import { createGuardedFetch } from './net/index.ts';
import { createPages } from './pages/index.ts';
import { createPolicy } from './policy/index.ts';
import { createProcesses } from './processes/index.ts';
import { openStore } from './store/index.ts';
import { createTelemetry } from './telemetry/index.ts';
import { createTools } from './tools/index.ts';

export interface App {
  /** Takes requests from now on. */
  listen(): Promise<{ readonly url: URL }>;
  /** Where clients connect to. */
  readonly mcpUrl: URL;
  /** One-time address at which the owner account is made; undefined once there is an account. */
  setupUrl(): Promise<URL | undefined>;
  /** Refuses new work, lets what runs end within the configured time, then releases everything. */
  drain(): Promise<void>;
  /** To tell every connected client of what has changed in what is served. */
  readonly changes: Changes;
  readonly logger: Logger;
}

/** What is served beside the built-in definitions. */
export interface Additions {
  readonly tools?: readonly Tool[];
  readonly resources?: readonly ResourceProvider[];
  readonly prompts?: readonly Prompt[];
}

/** Puts the parts together. Nothing listens before `listen` is called. */
export async function createApp(config: Config, about: About, additions: Additions = {}): Promise<App> {
  const parts = await createParts(config, about, additions);
  return startable(parts, route(parts));
}

export interface LocalApp {
  /** Serves the program at the other end of the streams, with every scope. */
  serve(streams: StdioStreams): StdioConnection;
  readonly logger: Logger;
  /** Releases everything. */
  close(): Promise<void>;
}

/**
 * The same tools, resources and prompts for the program that has started this process: without HTTP and
 * accounts, without a file or a socket of its own. The log goes to standard error.
 */
export async function createLocalApp(
  config: Config,
  { version }: About,
  additions: Additions = {},
): Promise<LocalApp> {
  const { production, dataDir } = config;
  const telemetry = await createTelemetry(config.telemetry, { version, production, stream: 'stderr' });
  const { logger } = telemetry;
  // What these hold is about this one connection; the folder is made when something is to be put into it.
  const ownFolder = join(tmpdir(), `fairlead-${randomUUID()}`);
  const store = await openStore({ url: 'memory' }, { dataDir, logger });
  const fetch = createGuardedFetch();
  const offer = await createOffer(config, { version }, additions, {
    ...{ telemetry, store, fetch, checks: [], dataDir: ownFolder },
  });
  const { builtin, processes, tools, tail, resources, prompts } = offer;
  const context = {
    ...{ tools, tail, resources, prompts, store, telemetry, version, fetch, scratch: builtin.scratch },
    sealer: createPrivateSealer(),
    messageLimitBytes: config.http.bodyLimitBytes,
    outputTokens: config.tools.outputTokens,
  };
  return {
    logger,
    serve: (streams) => serveStreams(config.mcp, context, streams),
    close: async () => {
      await builtin.close();
      await processes.close();
      await store.close();
      await rm(ownFolder, { recursive: true, force: true });
      await telemetry.close();
    },
  };
}

interface About {
  readonly version: string;
}

type TelemetryHandle = Awaited<ReturnType<typeof createTelemetry>>;

type Parts = Awaited<ReturnType<typeof createParts>>;

async function createParts(config: Config, { version }: About, additions: Additions) {
  const { production, dataDir } = config;
  const publicUrl = publicUrlOf(config.http);
  const resource = new URL('/mcp', publicUrl);

  const telemetry = await createTelemetry(config.telemetry, { version, production });
  const { logger } = telemetry;
  const [store, keyRing] = await Promise.all([
    openStore(config.store, { dataDir, logger }),
    openKeys({ dataDir, logger, ...config.keys }),
  ]);
  const checks: HealthCheck[] = [storeCheck(store), diskCheck(dataDir, config.http.minFreeDiskBytes)];
  const fetch = createGuardedFetch();
  const offer = await createOffer(config, { version }, additions, {
    ...{ telemetry, store, fetch, checks, dataDir },
  });
  const { builtin, processes, tools, tail, resources, prompts } = offer;
  const scopes = [...new Set([...tools, ...resources].flatMap((offered) => offered.scopes))];
  const pages = createPages({ resource, accounts: hasAccounts(config.auth) });
  const policy = createPolicy(config.policy, { tools, resources, places: builtin.places });
  for (const warning of policy.warnings) logger.warn({}, `policy: ${warning}`);
  const auth = await createAuth(config.auth, {
    ...{ publicUrl, resource, scopes, keyRing },
    ...{ store, telemetry, fetch, pages },
    admit: policy.admit,
    issuance: policy.issuance,
  });
  const mcp = createMcp(config.mcp, {
    ...{ tools, tail, resources, prompts },
    ...{ store, telemetry, version, sealer: keyRing.sealer },
    isRevoked: (principal) => auth.isRevoked(principal),
    bodyLimitBytes: config.http.bodyLimitBytes,
    outputTokens: config.tools.outputTokens,
    ...{ fetch, scratch: builtin.scratch },
  });
  auth.onRevoked((authority) => {
    mcp.revoked(authority);
    builtin.revoked(authority);
  });
  checks.push(...auth.checks);
  const lifecycle = new Lifecycle(() => {
    telemetry.setDraining(true);
  });
  return {
    config,
    version,
    resource,
    telemetry,
    store,
    checks,
    builtin,
    processes,
    pages,
    keyRing,
    auth,
    mcp,
    lifecycle,
  };
}

interface OfferSurroundings {
  readonly telemetry: TelemetryHandle;
  readonly store: Store;
  readonly fetch: typeof globalThis.fetch;
  readonly checks: HealthCheck[];
  readonly dataDir: string;
}

/** What is served, whoever it is served to. The checks of what stands behind it join the others. */
async function createOffer(
  config: Config,
  { version }: About,
  additions: Additions,
  surroundings: OfferSurroundings,
) {
  const { telemetry, checks } = surroundings;
  const { logger } = telemetry;
  const processes = createProcesses({ logger });
  const builtin = await createTools(config.tools, {
    ...{ ...surroundings, createFetch: createGuardedFetch, logger, processes, version },
    maxListed: config.mcp.maxListedTools,
    audit: (event) => {
      telemetry.audit(event);
    },
  });
  checks.push(...builtin.checks);
  const { readOnly } = config.tools;
  const added = (additions.tools ?? []).filter(({ effect }) => !readOnly || effect === 'read');
  const tools = [...builtin.tools, ...added];
  const resources = [...builtin.resources, ...(additions.resources ?? [])];
  telemetry.registerTools(tools.map((tool) => tool.name));
  const prompts = [...builtin.prompts, ...(additions.prompts ?? [])];
  return { builtin, processes, tools, tail: builtin.own, resources, prompts };
}

/** What a request meets, in order. */
function route({ config, version, telemetry, store, checks, pages, auth, mcp, lifecycle }: Parts): Express {
  const app = express();
  configureExpress(app, config.http);
  app.use(requestContext(telemetry, config.http));
  app.use(hostPolicy(config.http), securityHeaders(config.http));
  app.use(operations(config.http, { checks, lifecycle, telemetry, version, metrics: config.telemetry }));
  app.use(drainGate(lifecycle), originPolicy(config.http), rateLimit(config.http, { store }));
  // The body is read only after authentication.
  app.all('/mcp', auth.requirePrincipal, mcp.handler);
  app.all('/sse', auth.requirePrincipal, mcp.sse.open);
  app.all('/messages', auth.requirePrincipal, mcp.sse.post);
  app.use(pages.routes, ...auth.routes);
  const { challenge, refused } = auth;
  app.use(notFound, errorResponse(config.http, { challenge, refused, renderPage: pages.error }));
  return app;
}

function startable(parts: Parts, app: Express): App {
  const { config, version, resource, telemetry, store, builtin, processes, keyRing, auth, mcp, lifecycle } =
    parts;
  const { logger } = telemetry;
  const listeners: Listener[] = [];
  return {
    logger,
    mcpUrl: resource,
    changes: mcp.changes,
    setupUrl: () => auth.setupUrl(),
    listen: async () => {
      const listener = await listen(app, config.http, lifecycle);
      listeners.push(listener);
      if (config.telemetry.metricsPort !== 0) {
        listeners.push(await listenForMetrics(telemetry, config.telemetry));
      }
      logger.info({ url: listener.url.href, mcp: resource.href, version }, 'listening');
      return { url: listener.url };
    },
    drain: async () => {
      // First of all readiness, so that the balancer sends nothing new.
      lifecycle.beginDraining();
      await mcp.drain();
      const [listener, ...others] = listeners;
      const { drainTimeoutMs } = config.http;
      await Promise.all([
        listener?.drain(drainTimeoutMs),
        mcp.finishTasks(drainTimeoutMs),
        builtin.finish(drainTimeoutMs),
      ]);
      await Promise.all([
        mcp.close(),
        builtin.close(),
        auth.close(),
        ...others.map((other) => other.close()),
      ]);
      await processes.close();
      keyRing.close();
      await store.close();
      logger.info({}, 'stopped');
      await telemetry.close();
    },
  };
}
