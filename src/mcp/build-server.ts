import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { ResourceContext } from '../core/resource.ts';
import type { ToolCaller } from './call-tool.ts';
import type { Exchange } from './exchange.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { protocolError } from './protocol-error.ts';
import type { ResourceCatalog } from './resource-catalog.ts';
import type { CallOrigin } from './running-call.ts';
import type { ToolCatalog } from './tool-catalog.ts';

export interface ServerIdentity {
  readonly name: string;
  readonly title: string;
  readonly version: string;
}

export interface Definitions {
  readonly identity: ServerIdentity;
  readonly tools: ToolCatalog;
  readonly resources: ResourceCatalog;
  readonly caller: ToolCaller;
  readonly listTtlMs: number;
}

/**
 * The SDK's low-level server: the high-level one registers and converts every tool for every instance,
 * cannot page, and turns protocol errors of handlers into tool results.
 */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so for common use, kept for advanced use
const LowLevelServer = Server;
type LowLevelServer = InstanceType<typeof LowLevelServer>;

// An agent needs to see few completions; the protocol's bound is 100 (server/utilities/completion).
const MAX_COMPLETIONS = 100;

/** An SDK server for one exchange, over the shared definitions. */
export function buildServer(definitions: Definitions, exchange: Exchange): LowLevelServer {
  const { identity, resources, listTtlMs } = definitions;
  const server = new LowLevelServer(
    { ...identity },
    {
      instructions: INSTRUCTIONS,
      capabilities: {
        tools: {},
        logging: {},
        ...(resources.isEmpty ? {} : { resources: {}, completions: {} }),
      },
      cacheHints: {
        // What is listed depends on the principal's scopes.
        'tools/list': { ttlMs: listTtlMs, cacheScope: 'private' },
        'resources/templates/list': { ttlMs: listTtlMs, cacheScope: 'private' },
        'server/discover': { ttlMs: listTtlMs, cacheScope: 'public' },
      },
    },
  );
  serveTools(server, definitions, exchange);
  if (!resources.isEmpty) serveResources(server, resources, exchange);
  return server;
}

function serveTools(server: LowLevelServer, definitions: Definitions, exchange: Exchange): void {
  const { tools, caller } = definitions;
  server.setRequestHandler('tools/list', (request) => {
    if (request.params?.cursor !== undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'The cursor is not one that a page has given');
    }
    return { tools: [...tools.visibleTo(exchange.principal.scopes).tools] };
  });
  server.setRequestHandler('tools/call', async (request, context) => {
    const { name } = request.params;
    const tool = tools.find(name);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name}`);
    exchange.context.tool = name;
    const result = await caller.call(tool, request.params.arguments, originOf(exchange, context));
    return result as CallToolResult; // readonly arrays are all that differs
  });
}

function originOf(exchange: Exchange, context: ServerContext): CallOrigin {
  const { signal, notify, _meta: meta } = context.mcpReq;
  const progressToken = meta?.progressToken;
  // A notification that cannot be delivered any more is no fault of the call.
  const dropped = (error: unknown): void => {
    exchange.context.logger.debug({ err: error }, 'notification dropped');
  };
  return {
    principal: exchange.principal,
    requestId: exchange.context.id,
    logger: exchange.context.logger,
    onCancel(listener) {
      if (signal.aborted) listener();
      signal.addEventListener('abort', listener, { once: true });
      return () => {
        signal.removeEventListener('abort', listener);
      };
    },
    // The SDK sends what the client asked for: its level, or in revision 2026-07-28 nothing unasked.
    onLog(level, data) {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- clients of every served revision still offer it
      context.mcpReq.log(level, data).catch(dropped);
    },
    ...(progressToken === undefined
      ? {}
      : {
          onProgress(progress: number, total?: number, message?: string) {
            const params = {
              progressToken,
              progress,
              ...(total === undefined ? {} : { total }),
              ...(message === undefined ? {} : { message }),
            };
            notify({ method: 'notifications/progress', params }).catch(dropped);
          },
        }),
  };
}

function serveResources(server: LowLevelServer, resources: ResourceCatalog, exchange: Exchange): void {
  const { principal, context } = exchange;
  const within = async <T>(
    handler: ServerContext,
    work: (resource: ResourceContext) => Promise<T>,
    uri?: string,
  ): Promise<T> => {
    try {
      return await work({ principal, signal: handler.mcpReq.signal });
    } catch (error) {
      throw protocolError(error, {
        requestId: context.id,
        logger: context.logger,
        ...(uri === undefined ? {} : { uri }),
      });
    }
  };
  server.setRequestHandler('resources/list', (request, handler) =>
    within(handler, async (resource) => {
      const page = await resources.list(resource, request.params?.cursor);
      return { ...page, resources: [...page.resources] };
    }),
  );
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: resources.templates(principal.scopes),
  }));
  server.setRequestHandler('resources/read', (request, handler) => {
    const { uri } = request.params;
    return within(
      handler,
      async (resource) => ({ contents: [...(await resources.read(resource, uri))] }),
      uri,
    );
  });
  server.setRequestHandler('completion/complete', (request, handler) =>
    within(handler, async (resource) => {
      const { ref, argument } = request.params;
      const values = ref.type === 'ref/resource' ? await resources.complete(resource, ref.uri, argument) : [];
      return {
        completion: { values: values.slice(0, MAX_COMPLETIONS), hasMore: values.length > MAX_COMPLETIONS },
      };
    }),
  );
}
