import { type Clock, systemClock } from '../../core/clock.ts';
import type { Store } from '../../core/store.ts';
import { type Diagnosis, diagnose, isFailure } from './diagnosis.ts';
import { inOrder, type Step } from './step.ts';
import { type KnownClient, StepStore } from './step-store.ts';

/** Whose steps: those of a client, or of an address that has not told which client it is. */
export type Connected = { readonly clientId: string } | { readonly address: string };

/** One line of the list. */
export interface Connection {
  readonly who: Connected;
  readonly name: string | undefined;
  readonly agent: string | undefined;
  readonly last: Step;
  /** Whether the last step was refused. */
  readonly failed: boolean;
}

export interface Timeline {
  /** Oldest first. */
  readonly steps: readonly Step[];
  readonly name: string | undefined;
  readonly diagnosis: Diagnosis | undefined;
}

interface ConnectionsContext {
  readonly store: Store;
  readonly keptSeconds: number;
  readonly clock?: Clock | undefined;
}

/** How long before and after a step of a client what the same software did from the same address counts as its own. */
const NEAR_MS = 600_000;

/** The newest of each kind that a timeline has: anybody can say that they are a client. */
const SHOWN = 200;

/** Reads the connection log. */
export class Connections {
  readonly #clock: Clock;
  readonly #steps: StepStore;

  constructor({ store, keptSeconds, clock = systemClock }: ConnectionsContext) {
    this.#clock = clock;
    this.#steps = new StepStore({ store, clock, keptSeconds });
  }

  /** Every client and address that the log knows, the last active first. */
  async list(): Promise<Connection[]> {
    const [clients, strangers] = await Promise.all([this.#steps.clients(), this.#steps.ofStrangers()]);
    const found = new Map<string, Connection>();
    for (const client of clients) add(found, connectionOf(client));
    for (const step of strangers) add(found, connectionAt(step));
    return [...found.values()].sort((a, b) => inOrder(b.last, a.last));
  }

  /** What is known of one of them, with what its address did before it told who it was. */
  async timeline(who: Connected): Promise<Timeline> {
    const strangers = await this.#steps.ofStrangers();
    const now = this.#clock.now();
    if ('address' in who) {
      const steps = ofAddress(who, strangers);
      return { steps, name: undefined, diagnosis: diagnose(steps, now) };
    }
    const steps = await this.#ofClient(who.clientId, strangers);
    const named = steps.filter(({ clientId }) => clientId !== undefined);
    return {
      steps,
      name: named.findLast(({ name }) => name !== undefined)?.name,
      diagnosis: diagnoseClient(steps, named, now),
    };
  }

  async #ofClient(clientId: string, strangers: readonly Step[]): Promise<Step[]> {
    const named = strangers.filter((step) => step.clientId === clientId).slice(-SHOWN);
    const own = [...(await this.#steps.ofClient(clientId)), ...named];
    const nameless = strangers
      .filter((step) => step.clientId === undefined && isNear(step, own))
      .slice(-SHOWN);
    return [...own, ...nameless].sort(inOrder);
  }
}

/** What is certain comes first: without a name, a refusal may be that of another client beside it. */
function diagnoseClient(steps: readonly Step[], named: readonly Step[], now: number): Diagnosis | undefined {
  const own = diagnose(named, now);
  if (own?.stalled === false) return own;
  const near = diagnose(steps, now);
  return near?.stalled === false ? near : own;
}

function ofAddress({ address }: { readonly address: string }, strangers: readonly Step[]): Step[] {
  return strangers.filter((step) => step.address === address).slice(-SHOWN);
}

function isNear(step: Step, own: readonly Step[]): boolean {
  return own.some(
    ({ address, agent, at }) =>
      address === step.address && agent === step.agent && Math.abs(at - step.at) < NEAR_MS,
  );
}

function connectionOf({ clientId, name, last }: KnownClient): Connection {
  return { who: { clientId }, name, agent: last.agent, last, failed: isFailure(last) };
}

function connectionAt(step: Step): Connection | undefined {
  const { clientId, address, name, agent } = step;
  const line = { name, agent, last: step, failed: isFailure(step) };
  if (clientId !== undefined) return { ...line, who: { clientId } };
  return address === undefined ? undefined : { ...line, who: { address } };
}

function add(found: Map<string, Connection>, connection: Connection | undefined): void {
  if (connection === undefined) return;
  const { who, name, agent } = connection;
  const key = JSON.stringify(who);
  const known = found.get(key);
  const newest = known !== undefined && inOrder(known.last, connection.last) > 0 ? known : connection;
  found.set(key, {
    ...newest,
    name: newest.name ?? known?.name ?? name,
    agent: newest.agent ?? known?.agent ?? agent,
  });
}
