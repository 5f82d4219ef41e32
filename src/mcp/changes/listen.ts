import {
  type McpHttpHandler,
  ProtocolError,
  SERVER_INFO_META_KEY,
  SUBSCRIPTION_ID_META_KEY,
} from '@modelcontextprotocol/server';
import type { Definitions } from '../definitions.ts';
import type { EventStream } from '../event-stream.ts';
import type { EventStreams } from '../event-streams.ts';
import type { Exchange } from '../exchange.ts';
import { askSdk, relay } from '../sdk-bridge.ts';
import { followedIn } from '../tasks/extension.ts';
import type { DetailedTask } from '../tasks/task-record.ts';
import type { Change, ChangeBus } from './change-bus.ts';
import { notificationOf } from './notification.ts';

export interface ListenParts {
  readonly definitions: Definitions;
  /** Judges the request: what it refuses, and which part of the filter the server's capabilities allow. */
  readonly handler: McpHttpHandler;
  readonly changes: ChangeBus;
  readonly streams: EventStreams;
  /** Resources that one subscription may follow. */
  readonly maxSubscriptions: number;
}

/** MCP 2026-07-28, basic/patterns/subscriptions. */
interface Filter {
  toolsListChanged?: boolean;
  promptsListChanged?: boolean;
  resourcesListChanged?: boolean;
  resourceSubscriptions?: readonly string[];
  /** Of the tasks extension. */
  taskIds?: readonly string[];
}

const LISTS = {
  tools: 'toolsListChanged',
  prompts: 'promptsListChanged',
  resources: 'resourcesListChanged',
} as const;

const CHECK_MS = 10_000;

/**
 * Serves `subscriptions/listen`. The SDK judges the request as it does every other and says what of the
 * filter it honours; the stream is ours, as only so it can be bounded, keeps to what the principal may read
 * and ends with its authority.
 *
 * @throws AppError `BUSY` when the principal has too many streams
 */
export async function listenToChanges(exchange: Exchange, body: unknown, parts: ListenParts): Promise<void> {
  const answer = await askSdk(exchange, body, parts.handler);
  const acknowledgement = await acknowledged(answer);
  if (acknowledgement === undefined) {
    await relay(answer, exchange);
    return;
  }
  const { changes, streams, definitions } = parts;
  const { principal, response } = exchange;
  const taskIds = await tasksToTellOf(exchange, body, parts, acknowledgement.id);
  if (taskIds === undefined) return;
  const uris = await followable(exchange, acknowledgement.filter.resourceSubscriptions ?? [], parts);
  const subscription = new Subscription(acknowledgement, { uris, taskIds }, definitions.identity);
  const out = streams.openStanding(response, { kind: 'subscription', principal }, (stream) => {
    subscription.finish(stream);
  });
  const stop = changes.subscribe(({ change }) => {
    subscription.tell(out, change);
  });
  const following = changes.follow(subscription.interest);
  out.onClose(() => {
    stop();
    following.stop();
  });
  await changes.ready();
  subscription.acknowledge(out);
  out.onClose(
    definitions.tasks.follow(principal, taskIds, (task) => {
      subscription.tellOfTask(out, task);
    }),
  );
}

/** Those of the principal's that the client asks for; undefined where it was refused. */
async function tasksToTellOf(
  exchange: Exchange,
  body: unknown,
  { definitions, maxSubscriptions }: ListenParts,
  id: string | number,
): Promise<readonly string[] | undefined> {
  try {
    const asked = followedIn(body).slice(0, maxSubscriptions);
    return await definitions.tasks.known(exchange.principal, asked);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const { code, message, data } = error;
    exchange.sendJson(400, JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } }));
    return undefined;
  }
}

/** Those of the resources that the principal could read now; the acknowledgement leaves out the others. */
async function followable(
  { principal, context }: Exchange,
  uris: readonly string[],
  { definitions, maxSubscriptions }: ListenParts,
): Promise<string[]> {
  const asking = { principal, signal: AbortSignal.timeout(CHECK_MS) };
  const checked = uris.slice(0, maxSubscriptions).map(async (uri) => {
    try {
      await definitions.resources.check(asking, uri);
      return [uri];
    } catch (error) {
      context.logger.debug({ err: error }, 'a resource cannot be followed');
      return [];
    }
  });
  return (await Promise.all(checked)).flat();
}

interface Acknowledgement {
  readonly id: string | number;
  readonly filter: Filter;
}

class Subscription {
  readonly #id: string | number;
  readonly #filter: Filter;
  readonly #uris: ReadonlySet<string>;
  readonly #identity: object;
  /** What has changed before the client could be told what it is subscribed to. */
  readonly #early: Change[] = [];
  #isAcknowledged = false;

  constructor(
    { id, filter }: Acknowledgement,
    { uris, taskIds }: { readonly uris: readonly string[]; readonly taskIds: readonly string[] },
    identity: object,
  ) {
    const lists = Object.values(LISTS).filter((name) => filter[name] === true);
    this.#id = id;
    this.#filter = {
      ...Object.fromEntries(lists.map((name) => [name, true])),
      ...(uris.length === 0 ? {} : { resourceSubscriptions: uris }),
      ...(taskIds.length === 0 ? {} : { taskIds }),
    };
    this.#uris = new Set(uris);
    this.#identity = identity;
  }

  get interest(): { uris: ReadonlySet<string>; list: boolean } {
    return { uris: this.#uris, list: this.#filter.resourcesListChanged === true };
  }

  /** The first message of the stream says what is subscribed to; where that is nothing, the last follows. */
  acknowledge(out: EventStream): void {
    this.#notify(out, 'notifications/subscriptions/acknowledged', { notifications: this.#filter });
    this.#isAcknowledged = true;
    for (const change of this.#early.splice(0)) this.tell(out, change);
    if (Object.keys(this.#filter).length === 0) this.finish(out);
  }

  tell(out: EventStream, change: Change): void {
    const isWanted =
      change.kind === 'resource' ? this.#uris.has(change.uri) : this.#filter[LISTS[change.kind]] === true;
    if (!isWanted) return;
    if (!this.#isAcknowledged) {
      this.#early.push(change);
      return;
    }
    const { method, params } = notificationOf(change);
    this.#notify(out, method, params);
  }

  tellOfTask(out: EventStream, task: DetailedTask): void {
    this.#notify(out, 'notifications/tasks', task);
  }

  /** Ends it from the server's side, which the client tells from a lost connection by the result. */
  finish(out: EventStream): void {
    const result = {
      resultType: 'complete',
      _meta: { [SUBSCRIPTION_ID_META_KEY]: this.#id, [SERVER_INFO_META_KEY]: this.#identity },
    };
    out.send({ data: JSON.stringify({ jsonrpc: '2.0', id: this.#id, result }) });
    out.end();
  }

  #notify(out: EventStream, method: string, params: object): void {
    const _meta = { [SUBSCRIPTION_ID_META_KEY]: this.#id };
    out.send({ data: JSON.stringify({ jsonrpc: '2.0', method, params: { ...params, _meta } }) });
  }
}

/** The SDK's own acknowledgement, which is the first thing on its stream; undefined where it has refused. */
async function acknowledged(answer: Response): Promise<Acknowledgement | undefined> {
  if (answer.headers.get('content-type')?.startsWith('text/event-stream') !== true) return undefined;
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  const data = /^data: (.*)$/m.exec(new TextDecoder().decode(value))?.[1] ?? '';
  const { params } = JSON.parse(data) as {
    params: { notifications: Filter; _meta: Record<string, string | number> };
  };
  const id = params._meta[SUBSCRIPTION_ID_META_KEY];
  if (id === undefined) throw new Error('The acknowledgement names no subscription');
  return { id, filter: params.notifications };
}
