import { AppError } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import type { Hub } from '../hub.ts';
import { DEFAULT_LOG_LEVEL, isLogLevel, type LogLevel } from '../log-level.ts';
import type { Session } from './session.ts';

/** What a client has set since its session began. */
export interface SessionState {
  readonly isEnded: boolean;
  readonly logLevel: LogLevel;
  /** URIs of resources. */
  readonly subscriptions: readonly string[];
}

interface StateRecord {
  ended?: true;
  level?: LogLevel;
  uris?: readonly string[];
}

const FRESH: SessionState = { isEnded: false, logLevel: DEFAULT_LOG_LEVEL, subscriptions: [] };

/**
 * The few sessions that have set something have a record `mcp:session:<id>` in the store, which lives as long
 * as the session could; the others have nothing.
 */
export class SessionStates {
  readonly #store: Store;
  readonly #hub: Hub;
  readonly #maxSubscriptions: number;

  constructor(store: Store, hub: Hub, maxSubscriptions: number) {
    this.#store = store;
    this.#hub = hub;
    this.#maxSubscriptions = maxSubscriptions;
  }

  async read(session: Session): Promise<SessionState> {
    const text = await this.#store.get(keyOf(session));
    if (text === undefined) return FRESH;
    const { ended, level, uris } = JSON.parse(text) as StateRecord;
    return {
      isEnded: ended === true,
      logLevel: isLogLevel(level) ? level : DEFAULT_LOG_LEVEL,
      subscriptions: uris ?? [],
    };
  }

  /** From now on the session is unknown, in every process; its streams end and its calls are cancelled. */
  async end(session: Session): Promise<void> {
    await this.#store.put(keyOf(session), '{"ended":true}', lifetimeOf(session));
    this.#hub.send({ kind: 'session', key: session.id, data: { ended: true } });
  }

  setLogLevel(session: Session, level: LogLevel): Promise<void> {
    return this.#change(session, (record) => ({ ...record, level }));
  }

  /** @throws AppError `BUSY` when the session follows too many resources */
  async subscribe(session: Session, uri: string): Promise<void> {
    await this.#change(session, (record) => {
      const uris = new Set(record.uris).add(uri);
      if (uris.size > this.#maxSubscriptions) {
        throw new AppError('BUSY', `A session can follow ${this.#maxSubscriptions} resources at most.`, {
          next: 'unsubscribe from resources that no longer matter',
        });
      }
      return { ...record, uris: [...uris] };
    });
    this.#hub.send({ kind: 'session', key: session.id });
  }

  async unsubscribe(session: Session, uri: string): Promise<void> {
    await this.#change(session, (record) => ({
      ...record,
      uris: (record.uris ?? []).filter((known) => known !== uri),
    }));
    this.#hub.send({ kind: 'session', key: session.id });
  }

  async #change(session: Session, change: (record: StateRecord) => StateRecord): Promise<void> {
    const key = keyOf(session);
    for (;;) {
      const known = await this.#store.get(key);
      const record = known === undefined ? {} : (JSON.parse(known) as StateRecord);
      // Ended meanwhile: nothing may bring it back.
      if (record.ended === true) return;
      const next = JSON.stringify(change(record));
      if (await this.#store.swap(key, known, next, lifetimeOf(session))) return;
    }
  }
}

function keyOf({ id }: Session): string {
  return `mcp:session:${id}`;
}

function lifetimeOf({ expiresAt }: Session): number {
  return Math.max(1, Math.ceil(expiresAt - Date.now() / 1000));
}
