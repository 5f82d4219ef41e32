import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { AppError } from '../core/errors.ts';
import type { Logger } from '../core/telemetry.ts';
import type { RedisAddress } from './redis-address.ts';
import { RedisAnswers } from './redis-answers.ts';
import { codeOf, reasonOf, refusalOf } from './redis-failures.ts';
import type { RedisScript } from './redis-scripts.ts';
import { storeUnavailable } from './unavailable.ts';

/** From opening the socket to being signed in. */
const CONNECT_MS = 3_000;
/** How long starting waits for a server that is not there yet. */
const START_MS = 5_000;
/** After this time without any answer, some being owed, the connection is taken for dead. */
const ANSWER_MS = 2_000;
/** So often a silent connection is asked whether it still lives: no message comes over a dead one. */
const HEARTBEAT_MS = 5_000;
/** What comes within this time after a loss waits for the connection to return; later calls fail at once. */
const GRACE_MS = 500;
const MAX_PAUSE_MS = 1_000;

export type RedisClient = ReturnType<typeof newClient>;

interface RedisConnectionContext {
  readonly address: RedisAddress;
  /** What it is for, in the log. */
  readonly purpose: string;
  readonly logger: Logger;
  /** Runs on each new connection before anything else does. */
  readonly prepare?: (client: RedisClient) => Promise<unknown>;
}

/**
 * One connection to Redis, which comes back when it was lost. A command is sent once at most: nobody knows
 * whether one that got no answer was carried out, so its caller is told instead of sending it again.
 *
 * Each attempt has a client of its own, so that nothing of a lost connection lives on in the next.
 */
export class RedisConnection {
  readonly #context: RedisConnectionContext;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #end = new AbortController();
  /** Undefined while there is no connection. */
  #line: Line | undefined;
  #recovery: Promise<void> = Promise.resolve();
  #lost: { readonly at: number; readonly reason: Error } | undefined;
  #closing: Promise<void> | undefined;

  private constructor(context: RedisConnectionContext) {
    this.#context = context;
    this.#heartbeat = setInterval(() => void this.#beat(), HEARTBEAT_MS).unref();
  }

  /** @throws AppError `CONFIGURATION_INVALID`, `UNAVAILABLE` when nothing answers for 5 seconds */
  static async open(context: RedisConnectionContext): Promise<RedisConnection> {
    const connection = new RedisConnection(context);
    const startedAt = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        await connection.#connect();
        return connection;
      } catch (error) {
        const refused = refusalOf(error, context.address);
        if (refused === undefined && performance.now() - startedAt + pauseAfter(attempt) < START_MS) {
          await delay(pauseAfter(attempt));
          continue;
        }
        await connection.close();
        throw refused ?? unreachable(error, context.address);
      }
    }
  }

  get isConnected(): boolean {
    return this.#line !== undefined;
  }

  /** @throws AppError `UNAVAILABLE` */
  async send(command: readonly string[]): Promise<unknown> {
    const line = this.#line ?? (await this.#returned());
    return await this.#answerOf(line, line.client.sendCommand(command));
  }

  /** Runs a script on one key; Redis forgets scripts when it restarts, and is then told this one again. */
  async run(script: RedisScript, key: string, ...args: readonly string[]): Promise<unknown> {
    try {
      return await this.send(['EVALSHA', script.sha1, '1', key, ...args]);
    } catch (error) {
      const unknown = error instanceof AppError && codeOf(error.cause) === 'NOSCRIPT';
      if (!unknown) throw error;
      return await this.send(['EVAL', script.source, '1', key, ...args]);
    }
  }

  /** Lets the client do what is more than a command. */
  async use(work: (client: RedisClient) => Promise<unknown>): Promise<void> {
    const line = this.#line ?? (await this.#returned());
    await this.#answerOf(line, work(line.client));
  }

  /** Ends after the answers to what was sent before. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#end.abort();
    const line = this.#line;
    this.#line = undefined;
    await line?.answers.settled();
    line?.client.destroy();
  }

  async #connect(): Promise<void> {
    const client = newClient(this.#context);
    let failure = new Error('The connection was closed');
    const line = {
      client,
      answers: new RedisAnswers(ANSWER_MS, () => {
        this.#lose(line, new Error('Redis does not answer'));
      }),
    };
    client.on('error', (error: Error) => {
      failure = error;
      this.#lose(line, error);
    });
    try {
      await withinTime(CONNECT_MS, connected(client, this.#context));
      // It may have been lost again, or not be wanted any more.
      if (!client.isReady) throw failure;
      this.#end.signal.throwIfAborted();
      this.#line = line;
    } catch (error) {
      client.destroy();
      throw error;
    }
  }

  #lose(line: Line, error: Error): void {
    // What it owes fails with it, while closing as well.
    line.client.destroy();
    if (this.#line !== line) return;
    this.#line = undefined;
    const reason = reasonOf(error);
    this.#lost = { at: performance.now(), reason };
    this.#recovery = this.#recover(this.#lost.at);
    const { logger, purpose } = this.#context;
    logger.warn({ err: reason, purpose }, 'The connection to Redis is lost; trying to get it back');
  }

  async #recover(lostAt: number): Promise<void> {
    for (let attempt = 0; !this.#end.signal.aborted; attempt++) {
      try {
        await this.#connect();
        const { logger, purpose } = this.#context;
        const seconds = Number(((performance.now() - lostAt) / 1000).toFixed(3));
        logger.info({ purpose, seconds }, 'The connection to Redis is back');
        return;
      } catch (error) {
        this.#tellNews(reasonOf(error));
        await delay(pauseAfter(attempt), undefined, { signal: this.#end.signal }).catch(() => undefined);
      }
    }
  }

  /** An outage is one line in the log, and one more whenever its reason changes. */
  #tellNews(reason: Error): void {
    if (this.#lost?.reason.message === reason.message || this.#end.signal.aborted) return;
    this.#lost = { at: this.#lost?.at ?? 0, reason };
    const { logger, purpose } = this.#context;
    logger.warn({ err: reason, purpose }, 'Redis cannot be reached');
  }

  async #returned(): Promise<Line> {
    const left = GRACE_MS - (performance.now() - (this.#lost?.at ?? 0));
    if (this.#closing === undefined && left > 0) {
      await Promise.race([this.#recovery, delay(left, undefined, { ref: false })]);
    }
    if (this.#line === undefined) throw storeUnavailable(this.#lost?.reason);
    return this.#line;
  }

  async #answerOf<T>(line: Line, answer: Promise<T>): Promise<T> {
    try {
      return await line.answers.expect(answer);
    } catch (error) {
      const reason = reasonOf(error);
      // Behind the name is a server that takes no writes any more: the next connection finds its successor.
      if (reason.code === 'READONLY') this.#lose(line, reason);
      throw storeUnavailable(reason);
    }
  }

  async #beat(): Promise<void> {
    if (this.#line !== undefined) await this.send(['PING']).catch(() => undefined);
  }
}

/** A client that is signed in, and what it owes. */
interface Line {
  readonly client: RedisClient;
  readonly answers: RedisAnswers;
}

function newClient({ address, purpose }: RedisConnectionContext) {
  const { host, port, tls, username, password, database } = address;
  const reconnectStrategy = false;
  return createClient({
    RESP: 2,
    socket: tls
      ? { host, port, tls, reconnectStrategy, connectTimeout: CONNECT_MS }
      : { host, port, reconnectStrategy, connectTimeout: CONNECT_MS },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database,
    name: `fairlead-${purpose}`,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
}

async function connected(client: RedisClient, { prepare }: RedisConnectionContext): Promise<void> {
  await client.connect();
  await prepare?.(client);
}

async function withinTime(milliseconds: number, promise: Promise<void>): Promise<void> {
  const end = new AbortController();
  const limit = delay(milliseconds, undefined, { signal: end.signal }).then(() => {
    throw new Error('Redis does not answer');
  });
  try {
    await Promise.race([promise, limit]);
  } finally {
    end.abort();
  }
}

/** Doubles from 50 ms on, up to a second; many processes do not come back in the same instant. */
function pauseAfter(attempt: number): number {
  return Math.min(50 * 2 ** attempt, MAX_PAUSE_MS) * (0.5 + Math.random() / 2);
}

function unreachable(error: unknown, { host, port }: RedisAddress): AppError {
  const code = codeOf(error);
  return new AppError(
    'UNAVAILABLE',
    `Redis at ${host}:${port} cannot be reached${code === undefined ? '' : ` (${code})`}.`,
    {
      next: 'start it, or correct FAIRLEAD_STORE: rediss:// is for a server that speaks TLS, redis:// for one that does not',
      cause: reasonOf(error),
    },
  );
}
