import { createHash } from 'node:crypto';
import type { Changes } from '../../core/changes.ts';
import type { ResourceProvider } from '../../core/resource.ts';
import type { Store } from '../../core/store.ts';
import type { Logger } from '../../core/telemetry.ts';
import type { Hub } from '../hub.ts';
import { type Following, type Interest, Watches } from './watches.ts';

/** Something that clients have seen is not as it was. */
export type Change =
  { readonly kind: 'tools' | 'prompts' | 'resources' } | { readonly kind: 'resource'; readonly uri: string };

export interface ChangeEvent {
  /** Grows; visible ASCII. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly change: Change;
}

export interface ChangeBusContext {
  readonly store: Store;
  readonly hub: Hub;
  readonly logger: Logger;
  readonly resources: readonly ResourceProvider[];
  /** Seconds that a change is kept for clients that were cut off. */
  readonly keptSeconds: number;
}

const LOG = 'mcp:changes';
const MAX_KEPT = 1000;
// Processes that watch the same files report the same change within moments of each other.
const SAME_CHANGE_SECONDS = 60;

/** Changes of every process, to the clients of every process. */
export class ChangeBus implements Changes {
  readonly #context: ChangeBusContext;
  readonly #watches: Watches;

  constructor(context: ChangeBusContext) {
    this.#context = context;
    this.#watches = new Watches(context.resources, (change) => {
      const told: Change =
        change.kind === 'listed' ? { kind: 'resources' } : { kind: 'resource', uri: change.uri };
      this.#publishOnce(told, change.version).catch((error: unknown) => {
        context.logger.warn({ err: error }, 'a change could not be told');
      });
    });
  }

  toolsChanged(): Promise<void> {
    return this.#publish({ kind: 'tools' });
  }

  promptsChanged(): Promise<void> {
    return this.#publish({ kind: 'prompts' });
  }

  resourcesChanged(): Promise<void> {
    return this.#publish({ kind: 'resources' });
  }

  resourceUpdated(uri: string): Promise<void> {
    return this.#publish({ kind: 'resource', uri });
  }

  /** Calls the listener for every change from now on; answers how to stop. */
  subscribe(listener: (event: ChangeEvent) => void): () => void {
    return this.#context.hub.on('change', '', (data) => {
      listener(data['event'] as ChangeEvent);
    });
  }

  /** Resolves once changes of other processes arrive. */
  ready(): Promise<void> {
    return this.#context.hub.ready();
  }

  /** What has changed after an event, as far as it is kept. */
  async since(id: string): Promise<ChangeEvent[]> {
    return await this.#read(id);
  }

  /** What has changed at or after a point in time, in milliseconds since the epoch, as far as it is kept. */
  async sinceTime(time: number): Promise<ChangeEvent[]> {
    return (await this.#read(undefined)).filter(({ at }) => at >= time);
  }

  /** Has changes of these resources noticed as long as somebody wants to know. */
  follow(interest: Interest): Following {
    return this.#watches.follow(interest);
  }

  close(): Promise<void> {
    return this.#watches.close();
  }

  async #publishOnce(change: Change, version: string): Promise<void> {
    const digest = createHash('sha256')
      .update(JSON.stringify([change, version]))
      .digest('base64url');
    const { store } = this.#context;
    const key = `mcp:changed:${digest}`;
    if (!(await store.swap(key, undefined, '1', SAME_CHANGE_SECONDS))) return;
    try {
      await this.#publish(change);
    } catch (error) {
      // Another process that sees the same may tell it.
      await store.take(key);
      throw error;
    }
  }

  async #publish(change: Change): Promise<void> {
    const { store, hub, keptSeconds } = this.#context;
    const at = Date.now();
    const id = await store.append(LOG, JSON.stringify({ at, change }), {
      lifetime: keptSeconds,
      maxLength: MAX_KEPT,
    });
    hub.send({ kind: 'change', key: '', data: { event: { id, at, change } } });
  }

  async #read(id: string | undefined): Promise<ChangeEvent[]> {
    const events = await this.#context.store.readAfter(LOG, id, MAX_KEPT);
    return events.map((event) => ({
      id: event.id,
      ...(JSON.parse(event.value) as Omit<ChangeEvent, 'id'>),
    }));
  }
}
