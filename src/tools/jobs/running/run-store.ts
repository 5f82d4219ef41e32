import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from '../../../core/principal.ts';
import type { Store } from '../../../core/store.ts';
import { isOver, type RunRecord } from './run-record.ts';

/** Tells every process the id of a run that is to be cancelled. */
export const CANCEL_CHANNEL = 'jobs:cancel';

/** How often a run shows that it is alive, and for how long that counts. */
export const BEAT_MS = 5000;
const ALIVE_SECONDS = 20;
/** A run that cannot be seen may have been kept from showing itself by an outage of the store. */
const CONFIRM_MS = 1500;
const CANCEL_SECONDS = 300;
/** Beyond the time that a run may take, for its last words. */
const MARGIN_SECONDS = 120;

const ID_BYTES = 18;
const ID = /^[A-Za-z0-9_-]{24}$/;

/** Unguessable. */
export function newRunId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}

/**
 * The runs of all subjects. The subject is part of every key, so that somebody else's run is as unknown as one
 * that never was.
 */
export class RunStore {
  readonly #store: Store;
  readonly #keptSeconds: number;

  constructor(store: Store, keptSeconds: number) {
    this.#store = store;
    this.#keptSeconds = keptSeconds;
  }

  /** @param timeoutSeconds What the run may take: so long it is kept at least. */
  async write(owner: Pick<Principal, 'subject'>, record: RunRecord, timeoutSeconds: number): Promise<void> {
    const lifetime = this.#keptSeconds + (isOver(record) ? 0 : timeoutSeconds + MARGIN_SECONDS);
    await this.#store.put(keyOf(owner, record.id), JSON.stringify(record), lifetime);
  }

  async remove(owner: Pick<Principal, 'subject'>, id: string): Promise<void> {
    await this.#store.take(keyOf(owner, id));
  }

  /** A run whose process is gone is shown as lost. */
  async find(owner: Pick<Principal, 'subject'>, id: string): Promise<RunRecord | undefined> {
    const record = await this.#read(owner, id);
    if (record === undefined || isOver(record) || (await this.#isAlive(id))) return record;
    await new Promise((resolve) => {
      setTimeout(resolve, CONFIRM_MS);
    });
    const isAlive = await this.#isAlive(id);
    // It may have ended meanwhile: what it shows is read after that it lives, which it stops showing last.
    const again = await this.#read(owner, id);
    if (again === undefined || isOver(again) || isAlive) return again;
    return { ...again, status: 'lost' };
  }

  async beat(id: string): Promise<void> {
    await this.#store.put(`jobs:alive:${id}`, '1', ALIVE_SECONDS);
  }

  async stopBeating(id: string): Promise<void> {
    await this.#store.take(`jobs:alive:${id}`);
  }

  /** Has whichever process runs it end it. */
  async requestCancel(id: string): Promise<void> {
    await this.#store.put(`jobs:cancelled:${id}`, '1', CANCEL_SECONDS);
    await this.#store.publish(CANCEL_CHANNEL, id);
  }

  async isCancelRequested(id: string): Promise<boolean> {
    return (await this.#store.get(`jobs:cancelled:${id}`)) !== undefined;
  }

  /** Takes one of the places that a job has over all processes; which one, or undefined where all are taken. */
  async takePlace(job: string, places: number, id: string): Promise<string | undefined> {
    for (let place = 0; place < places; place++) {
      const key = `jobs:place:${job}:${place}`;
      if (await this.#store.swap(key, undefined, id, ALIVE_SECONDS)) return key;
    }
    return undefined;
  }

  /** Keeps the place for some more time; takes it again where it was lost and nobody else has it. */
  async keepPlace(key: string, id: string): Promise<void> {
    if (await this.#store.swap(key, id, id, ALIVE_SECONDS)) return;
    await this.#store.swap(key, undefined, id, ALIVE_SECONDS);
  }

  async leavePlace(key: string, id: string): Promise<void> {
    await this.#store.swap(key, id, undefined, ALIVE_SECONDS);
  }

  async #isAlive(id: string): Promise<boolean> {
    return (await this.#store.get(`jobs:alive:${id}`)) !== undefined;
  }

  async #read(owner: Pick<Principal, 'subject'>, id: string): Promise<RunRecord | undefined> {
    if (!ID.test(id)) return undefined;
    const stored = await this.#store.get(keyOf(owner, id));
    return stored === undefined ? undefined : (JSON.parse(stored) as RunRecord);
  }
}

/** The subject is hashed, as strangers choose its name at any length. */
function keyOf({ subject }: Pick<Principal, 'subject'>, id: string): string {
  return `jobs:run:${createHash('sha256').update(subject).digest('base64url')}:${id}`;
}
