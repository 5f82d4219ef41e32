import {
  Client as ClientV2,
  LOG_LEVEL_META_KEY,
  SSEClientTransport as SseV2,
  StreamableHTTPClientTransport as StreamableV2,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as SseV1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as StreamableV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as TransportOfV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { CalledTool } from '../fixtures/sdk-clients.ts';

export interface Notice {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

export interface CallSetup {
  readonly options?: {
    readonly onprogress?: (progress: Progress) => void;
    readonly signal?: AbortSignal;
  };
  /** Asks for log lines, where that is asked for with each request. */
  readonly isVerbose?: boolean;
}

/** Declares all that the server may ask for. */
export const ABLE = { elicitation: {}, sampling: {} } as const;

/** What a client has seen of the server beside the answers to its requests. */
interface Seen {
  /** Notifications that the SDK does not handle by itself. */
  readonly notices: Notice[];
  /** The parameters of the questions that were answered. */
  readonly questions: Readonly<Record<string, unknown>>[];
  /** What the transport has reported. */
  readonly errors: Error[];
}

interface Following {
  stop(): Promise<void>;
  /** Which side has ended it, once it has ended; absent where it is no stream of its own. */
  readonly ended?: Promise<string>;
}

/** The part of a client that the matrix needs, the same for both generations. */
export interface MatrixClient extends Seen {
  connect(url: URL): Promise<void>;
  /** As negotiated. */
  revision(): string | undefined;
  /** Rejects with a JSON-RPC error, or the transport's. */
  call(name: string, args: object, setup?: CallSetup): Promise<CalledTool>;
  /** Wants to be told of changes of this resource, and of the lists where that has to be said. */
  follow(uri: string): Promise<Following>;
  close(): Promise<void>;
}

/** A generation of the SDK at one revision. */
export interface ClientRow {
  readonly sdk: 'v1' | 'v2';
  readonly revision: string;
  /** Where a client of this revision begins. */
  readonly path: '/mcp' | '/sse';
  create(capabilities: object): MatrixClient;
}

export const MODERN = '2026-07-28';
/** Its transport is another one, with one stream for everything. */
export const OLDEST = '2024-11-05';
const REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', OLDEST];

const about = { name: 'matrix', version: '1.0.0' };
const ACCEPTED = { action: 'accept', content: { name: 'Ada' } } as const;
const SAMPLE = {
  role: 'assistant',
  content: { type: 'text', text: 'of the model' },
  model: 'model-of-the-test',
} as const;
const EVERY_LIST = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const RECONNECTING = {
  reconnectionOptions: {
    initialReconnectionDelay: 10,
    maxReconnectionDelay: 1000,
    reconnectionDelayGrowFactor: 2,
    maxRetries: 2,
  },
};

function createV1(revision: string, capabilities: object): MatrixClient {
  const client = new ClientV1(about, { capabilities });
  const seen = watch(client);
  let negotiated: string | undefined;
  if ('elicitation' in capabilities) {
    client.setRequestHandler(ElicitRequestSchema, answering(seen, ACCEPTED));
  }
  if ('sampling' in capabilities) {
    client.setRequestHandler(CreateMessageRequestSchema, answering(seen, SAMPLE));
  }
  return {
    ...seen,
    connect: (url) => {
      const note = (version: string): void => {
        negotiated = version;
      };
      return client.connect(offering(revision, transportOfV1(revision, url), note));
    },
    revision: () => negotiated,
    call: async (name, args, { options } = {}) =>
      (await client.callTool({ name, arguments: { ...args } }, undefined, options)) as CalledTool,
    follow: (uri) => subscribe(client, uri),
    close: () => client.close(),
  };
}

function createV2(revision: string, capabilities: object): MatrixClient {
  const isModern = revision === MODERN;
  const version = isModern
    ? { versionNegotiation: { mode: { pin: revision } } }
    : { supportedProtocolVersions: [revision] };
  const client = new ClientV2(about, { capabilities, ...version });
  const seen = watch(client);
  if ('elicitation' in capabilities) {
    client.setRequestHandler('elicitation/create', answering(seen, ACCEPTED));
  }
  if ('sampling' in capabilities) {
    client.setRequestHandler('sampling/createMessage', answering(seen, SAMPLE));
  }
  return {
    ...seen,
    connect: (url) => client.connect(transportOfV2(revision, url)),
    revision: () => client.getNegotiatedProtocolVersion(),
    call: async (name, args, { options, isVerbose = false } = {}) => {
      const _meta = isModern && isVerbose ? { _meta: { [LOG_LEVEL_META_KEY]: 'info' } } : {};
      return (await client.callTool({ name, arguments: { ...args }, ..._meta }, options)) as CalledTool;
    },
    follow: async (uri) => {
      if (!isModern) return subscribe(client, uri);
      const subscription = await client.listen({ ...EVERY_LIST, resourceSubscriptions: [uri] });
      return { stop: () => subscription.close(), ended: subscription.closed };
    },
    close: () => client.close(),
  };
}

function watch(client: {
  fallbackNotificationHandler?: (notice: Notice) => Promise<void>;
  onerror?: ((error: Error) => void) | undefined;
}): Seen {
  const seen: Seen = { notices: [], questions: [], errors: [] };
  client.fallbackNotificationHandler = (notice) => {
    seen.notices.push(notice);
    return Promise.resolve();
  };
  client.onerror = (error) => {
    seen.errors.push(error);
  };
  return seen;
}

function answering<T>({ questions }: Seen, answer: T) {
  return ({ params }: { readonly params: Readonly<Record<string, unknown>> }): T => {
    questions.push(params);
    return answer;
  };
}

async function subscribe(
  client: Pick<ClientV1 | ClientV2, 'subscribeResource' | 'unsubscribeResource'>,
  uri: string,
): Promise<Following> {
  await client.subscribeResource({ uri });
  return {
    stop: async () => {
      await client.unsubscribeResource({ uri });
    },
  };
}

/**
 * The previous SDK offers its latest revision, without an option to change that, and takes every revision
 * that it knows for an answer.
 */
function offering(
  revision: string,
  transport: TransportOfV1,
  note: (negotiated: string) => void,
): TransportOfV1 {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    if (!('method' in message) || message.method !== 'initialize') return send(message, options);
    return send({ ...message, params: { ...message.params, protocolVersion: revision } }, options);
  };
  const setProtocolVersion = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (negotiated) => {
    note(negotiated);
    setProtocolVersion?.(negotiated);
  };
  return transport;
}

/* eslint-disable @typescript-eslint/no-deprecated -- the one transport of the oldest revision */

function transportOfV1(revision: string, url: URL): TransportOfV1 {
  return revision === OLDEST ? new SseV1(url) : new StreamableV1(url, RECONNECTING);
}

function transportOfV2(revision: string, url: URL): SseV2 | StreamableV2 {
  return revision === OLDEST ? new SseV2(url) : new StreamableV2(url, RECONNECTING);
}

/* eslint-enable @typescript-eslint/no-deprecated */

/** Every client that there is, at every revision that it speaks. */
export const CLIENTS: readonly ClientRow[] = [
  ...rows('v2', [MODERN, ...REVISIONS], createV2),
  ...rows('v1', REVISIONS, createV1),
];

function rows(
  sdk: ClientRow['sdk'],
  revisions: readonly string[],
  create: (revision: string, capabilities: object) => MatrixClient,
): ClientRow[] {
  return revisions.map((revision) => ({
    sdk,
    revision,
    path: revision === OLDEST ? '/sse' : '/mcp',
    create: (capabilities) => create(revision, capabilities),
  }));
}
