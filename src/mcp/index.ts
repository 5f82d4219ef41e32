import type { IncomingMessage, ServerResponse } from 'node:http';
import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Prompt } from '../core/prompt.ts';
import type { ResourceProvider } from '../core/resource.ts';
import type { Store } from '../core/store.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Tool } from '../core/tool.ts';
import { buildServer, type Definitions } from './build-server.ts';
import { ToolCaller } from './call-tool.ts';
import { DirectAnswers } from './direct-answer.ts';
import { serveEndpoint } from './endpoint.ts';
import { Exchange } from './exchange.ts';
import type { McpOptions } from './options.ts';
import { PromptCatalog } from './prompt-catalog.ts';
import { ResourceCatalog } from './resource-catalog.ts';
import { openRequestState } from './request-state.ts';
import { exchangeIn } from './sdk-bridge.ts';
import { ToolCatalog } from './tool-catalog.ts';

export interface McpContext {
  readonly tools: readonly Tool[];
  readonly resources: readonly ResourceProvider[];
  readonly prompts: readonly Prompt[];
  readonly store: Store;
  readonly telemetry: Telemetry;
  readonly version: string;
  /** Of a request's body. */
  readonly bodyLimitBytes: number;
  /** Estimated tokens that one tool result may hold. */
  readonly outputTokens: number;
}

export interface Mcp {
  /** Serves the endpoint behind authentication; what it cannot answer itself goes to `next` as an AppError. */
  readonly handler: (
    request: IncomingMessage,
    response: ServerResponse,
    next: (error: unknown) => void,
  ) => void;
  /** Tool calls that run now. */
  readonly runningCalls: number;
  /** Ends the streams that would stay open for ever, so that the process can end; calls go on. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** The MCP endpoint: every served revision of the protocol, from one set of definitions. */
export async function createMcp(options: McpOptions, context: McpContext): Promise<Mcp> {
  const { telemetry, outputTokens, bodyLimitBytes } = context;
  const caller = new ToolCaller({ ...options, outputTokens }, telemetry);
  const definitions: Definitions = {
    identity: { name: 'fairlead', title: 'Fairlead', version: context.version },
    tools: new ToolCatalog(context.tools),
    resources: new ResourceCatalog(context.resources),
    prompts: new PromptCatalog(context.prompts),
    caller,
    requestState: await openRequestState(context.store),
    listTtlMs: options.listTtlMs,
  };
  const sdkOptions = {
    keepAliveMs: options.keepAliveMs,
    onerror: (error: Error) => {
      telemetry.logger.debug({ err: error }, 'protocol error');
    },
  };
  const sdkHandler = (): ReturnType<typeof createMcpHandler> =>
    createMcpHandler((request) => buildServer(definitions, exchangeIn(request.authInfo)), sdkOptions);
  const handlers = { calls: sdkHandler(), subscriptions: sdkHandler() };
  const parts = {
    definitions,
    direct: new DirectAnswers(definitions, () => telemetry.metrics.streamOpened('call')),
    handlers,
    bodyLimitBytes,
    onStream: (kind: string) => telemetry.metrics.streamOpened(kind),
  };
  return {
    handler: function mcpEndpoint(request, response, next) {
      serveEndpoint(new Exchange(request, response), parts).catch(next);
    },
    get runningCalls() {
      return caller.running;
    },
    drain: () => handlers.subscriptions.close(),
    close: async () => {
      await Promise.all([handlers.calls.close(), handlers.subscriptions.close()]);
    },
  };
}
