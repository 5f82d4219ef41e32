import { AppError } from '../core/errors.ts';
import type { Change, ChangeBus } from './changes/change-bus.ts';
import { notificationOf } from './changes/notification.ts';
import type { Following } from './changes/watches.ts';
import { DEFAULT_LOG_LEVEL, type LogLevel } from './log-level.ts';
import type { PeerSession } from './peer.ts';

/** Sends to the client; what cannot be delivered any more is nobody's failure. */
export type Notify = (notification: ReturnType<typeof notificationOf>) => void;

interface ConnectionSessionContext {
  readonly changes: ChangeBus;
  /** URIs of resources that one connection can follow. */
  readonly maxSubscriptions: number;
  readonly notify: Notify;
}

/**
 * A session that is one connection, and ends with it: what the client sets is kept in memory, as the
 * connection is, and changes are told over it.
 */
export class ConnectionSession implements PeerSession {
  readonly #context: ConnectionSessionContext;
  readonly #uris = new Set<string>();
  readonly #following: Following;
  readonly #unsubscribe: () => void;
  #logLevel: LogLevel = DEFAULT_LOG_LEVEL;

  constructor(context: ConnectionSessionContext) {
    this.#context = context;
    this.#following = context.changes.follow(this.#interest());
    this.#unsubscribe = context.changes.subscribe(({ change }) => {
      if (this.#concerns(change)) context.notify(notificationOf(change));
    });
  }

  get logLevel(): LogLevel {
    return this.#logLevel;
  }

  setLogLevel(level: LogLevel): Promise<void> {
    this.#logLevel = level;
    return Promise.resolve();
  }

  /** @throws AppError `BUSY` when the connection follows too many resources */
  subscribe(uri: string): Promise<void> {
    const { maxSubscriptions } = this.#context;
    if (!this.#uris.has(uri) && this.#uris.size >= maxSubscriptions) {
      const message = `A connection can follow ${maxSubscriptions} resources at most.`;
      const next = 'unsubscribe from resources that no longer matter';
      return Promise.reject(new AppError('BUSY', message, { next }));
    }
    this.#uris.add(uri);
    this.#following.change(this.#interest());
    return Promise.resolve();
  }

  unsubscribe(uri: string): Promise<void> {
    this.#uris.delete(uri);
    this.#following.change(this.#interest());
    return Promise.resolve();
  }

  /** The connection has ended. */
  close(): void {
    this.#unsubscribe();
    this.#following.stop();
  }

  /** Changes of lists are told without being asked for (2024-11-05, server/resources). */
  #concerns(change: Change): boolean {
    return change.kind !== 'resource' || this.#uris.has(change.uri);
  }

  #interest(): { readonly uris: ReadonlySet<string>; readonly list: boolean } {
    return { uris: new Set(this.#uris), list: true };
  }
}
