import type { Clock } from '../../core/clock.ts';
import type { Store } from '../../core/store.ts';
import * as z from 'zod';
import { networkOf } from '../network.ts';
import { CLIENTS, records, STRANGER_STREAMS, strangerPart } from './records.ts';
import { inOrder, type Step, storedStep } from './step.ts';
import { isCertain } from './steps.ts';

interface StepStoreContext {
  readonly store: Store;
  readonly clock: Clock;
  /** For how long a step is kept. */
  readonly keptSeconds: number;
}

/** Clients with a stream of their own. The steps of more are kept among those of strangers. */
const MAX_CLIENTS = 1000;
/** Steps that are kept of one client, and in each of the streams of strangers. */
const CLIENT_STEPS = 200;
const STRANGER_STEPS = 250;

const storedClient = z.object({ clientId: z.string(), name: z.string().optional(), last: storedStep });

export type KnownClient = z.output<typeof storedClient>;

/**
 * Steps in the store. Only what a client can have done itself, with its token or by a person's consent, is in
 * the client's own stream: whatever strangers pretend to be pushes nothing out of it. The rest is spread over
 * a fixed number of streams by network, so that its size has a bound however many addresses there are, and
 * whoever has a great many fills one of the streams.
 */
export class StepStore {
  readonly #context: StepStoreContext;

  constructor(context: StepStoreContext) {
    this.#context = context;
  }

  async append(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const { clientId } = step;
      const own = clientId !== undefined && isCertain(step) && (await this.#noteClient(clientId, step));
      const stream = own ? records.clientSteps(clientId) : records.strangerSteps(partOf(step));
      await this.#context.store.append(stream, JSON.stringify(step), {
        lifetime: this.#context.keptSeconds,
        maxLength: own ? CLIENT_STEPS : STRANGER_STEPS,
      });
    }
  }

  /** The clients that have a stream of their own. */
  async clients(): Promise<KnownClient[]> {
    const { store } = this.#context;
    const { keys } = await store.scan(CLIENTS, MAX_CLIENTS);
    const values = await Promise.all(keys.map((key) => store.get(key)));
    return values
      .filter((value) => value !== undefined)
      .map((value) => storedClient.parse(JSON.parse(value)));
  }

  /** What only the client itself can have done, oldest first. */
  async ofClient(clientId: string): Promise<Step[]> {
    return await this.#read(records.clientSteps(clientId), CLIENT_STEPS);
  }

  /** What anybody could have done, oldest first. */
  async ofStrangers(): Promise<Step[]> {
    const parts = Array.from({ length: STRANGER_STREAMS }, (_, part) =>
      this.#read(records.strangerSteps(part), STRANGER_STEPS),
    );
    return (await Promise.all(parts)).flat().sort(inOrder);
  }

  async #read(stream: string, limit: number): Promise<Step[]> {
    const { store, clock, keptSeconds } = this.#context;
    // Every step that is added renews the life of the others.
    const oldest = clock.now() - keptSeconds * 1000;
    const events = await store.readAfter(stream, undefined, limit);
    return events.map(({ value }) => storedStep.parse(JSON.parse(value))).filter(({ at }) => at >= oldest);
  }

  /** Puts the client on the list; answers whether it has a place there. */
  async #noteClient(clientId: string, step: Step): Promise<boolean> {
    const { store, keptSeconds } = this.#context;
    const key = records.client(clientId);
    const before = await store.get(key);
    if (before === undefined && (await this.#isFull())) return false;
    const known = before === undefined ? undefined : storedClient.parse(JSON.parse(before));
    const name = step.name ?? known?.name;
    const client: KnownClient = { clientId, ...(name === undefined ? {} : { name }), last: step };
    // Written by several processes at the same time, the last one counts: it is for people to look at.
    await store.put(key, JSON.stringify(client), keptSeconds);
    return true;
  }

  async #isFull(): Promise<boolean> {
    const { keys } = await this.#context.store.scan(CLIENTS, MAX_CLIENTS);
    return keys.length >= MAX_CLIENTS;
  }
}

function partOf({ address, clientId = '' }: Step): number {
  return strangerPart(address === undefined ? clientId : networkOf(address, 48));
}
