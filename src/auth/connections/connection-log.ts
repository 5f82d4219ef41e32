import type { Clock } from '../../core/clock.ts';
import type { AuditEvent, Logger } from '../../core/telemetry.ts';
import type { Store } from '../../core/store.ts';
import { displayText } from '../display-text.ts';
import { reasonOfEvent } from './classify.ts';
import { MinuteBudget } from './minute-budget.ts';
import { networkOf } from '../network.ts';
import type { ReasonCode } from './reasons.ts';
import { Repetitions } from './repetitions.ts';
import type { Step } from './step.ts';
import { StepStore } from './step-store.ts';
import { againAfter, isCertain } from './steps.ts';

interface ConnectionLogContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For how long a step is kept. */
  readonly keptSeconds: number;
  /** What the clients of the configuration are called, by their ids. */
  readonly names?: ReadonlyMap<string, string>;
}

/** Something that happened on a client's way to this server. */
export interface ConnectionEvent extends AuditEvent {
  /** The `User-Agent` of the request. */
  readonly agent?: string | undefined;
  /** Why it was refused, where the event's details do not say so. */
  readonly reason?: ReasonCode | undefined;
}

/** Takes notes of what happens. Never throws, and nothing waits for it. */
export interface ConnectionNotes {
  note(event: ConnectionEvent): void;
}

/** How many steps are written within a minute, by one process: of one address or client, and in all. */
const LIMITS = { each: 30, inAll: 300 };
const FLUSH_MS = 50;
const COMPLAIN_MS = 60_000;
/** Characters of each kind of text that others have chosen. */
const LENGTHS = { id: 200, name: 100, agent: 160, detail: 240 };

/** Actions that are about people and not about connections, or that the edge reports with more detail. */
const NOT_A_STEP =
  /^(account(?!\.cut_off)|session|keys|passkey|password|setup|invitation)\.|^token\.refused$/;

/**
 * Writes down where each connection has got to, aside from the requests: in batches, what repeats itself
 * counted, and of each address and client so much within a minute, so that a flood neither fills the store
 * nor hides what others do.
 */
export class ConnectionLog implements ConnectionNotes {
  readonly #context: ConnectionLogContext;
  readonly #steps: StepStore;
  readonly #repetitions = new Repetitions();
  /** What strangers can do takes nothing away from the clients that people have allowed. */
  readonly #strangers: MinuteBudget;
  readonly #clients: MinuteBudget;
  #waiting: Step[] = [];
  #flushing: Promise<void> | undefined;
  #leftOut = 0;
  /** The step that was written last: those of one client can lie in several streams. */
  #last = { at: Number.NEGATIVE_INFINITY, turn: 0 };
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(context: ConnectionLogContext) {
    this.#context = context;
    this.#steps = new StepStore(context);
    this.#strangers = new MinuteBudget(context.clock, LIMITS);
    this.#clients = new MinuteBudget(context.clock, LIMITS);
  }

  note(event: ConnectionEvent): void {
    if (NOT_A_STEP.test(event.action)) return;
    if (event.clientId === undefined && event.address === undefined) return;
    const step = stepOf(this.#named(event), this.#context.clock.now());
    const times = this.#repetitions.count(keyOf(step), step.at, againAfter(step) * 1000);
    if (times === undefined) return;
    if (this.#mayWrite(step)) this.#write(times > 1 ? { ...step, times } : step);
    else this.#leftOut += 1;
  }

  /** Resolves when everything that was noted is in the store, or has failed to get there. */
  async close(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  #named(event: ConnectionEvent): ConnectionEvent {
    const name = this.#context.names?.get(event.clientId ?? '');
    return name === undefined ? event : { ...event, details: { name, ...event.details } };
  }

  #mayWrite(step: Step): boolean {
    const { clientId = '', address = '' } = step;
    return isCertain(step) ? this.#clients.take(clientId) : this.#strangers.take(networkOf(address, 48));
  }

  #write(step: Step): void {
    const leftOut = this.#leftOut === 0 ? {} : { leftOut: this.#leftOut };
    this.#waiting.push({ ...step, ...this.#turnOf(step), ...leftOut });
    this.#leftOut = 0;
    this.#flushing ??= this.#flushSoon();
  }

  #turnOf({ at }: Step): { readonly turn?: number } {
    const turn = at === this.#last.at ? this.#last.turn + 1 : 0;
    this.#last = { at, turn };
    return turn === 0 ? {} : { turn };
  }

  async #flushSoon(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    const steps = this.#waiting;
    this.#waiting = [];
    try {
      await this.#steps.append(steps);
    } catch (error) {
      this.#complain(error);
    }
    this.#flushing = this.#waiting.length > 0 ? this.#flushSoon() : undefined;
  }

  #complain(error: unknown): void {
    const now = this.#context.clock.now();
    if (now - this.#complainedAt < COMPLAIN_MS) return;
    this.#complainedAt = now;
    this.#context.logger.warn({ err: error }, 'Steps of connections could not be written down');
  }
}

/** What is the same when it happens again. */
function keyOf({ action, reason, detail, clientId, address }: Step): string {
  return JSON.stringify([clientId, address, action, reason, detail]);
}

function stepOf(event: ConnectionEvent, at: number): Step {
  const { action, outcome, details = {} } = event;
  const reason = event.reason ?? reasonOfEvent(event);
  const texts = {
    detail: bounded(detailOf(details), LENGTHS.detail),
    clientId: bounded(event.clientId, LENGTHS.id),
    name: bounded(textOf(details['name']), LENGTHS.name),
    subject: bounded(event.subject, LENGTHS.id),
    address: bounded(event.address, LENGTHS.id),
    agent: bounded(event.agent, LENGTHS.agent),
  };
  const known = Object.entries(texts).filter(([, text]) => text !== undefined);
  return { at, action, outcome, ...(reason === undefined ? {} : { reason }), ...Object.fromEntries(known) };
}

/** What an operator understands of the details: never a value that the other side was to keep secret. */
const TOLD = [
  'error',
  'grantType',
  'reason',
  'provider',
  'detail',
  'description',
  'scope',
  'scopes',
  'claimedClient',
  'path',
  'redirectUris',
];

function detailOf(details: NonNullable<AuditEvent['details']>): string | undefined {
  const parts = TOLD.map((name) => details[name]).map((value) =>
    Array.isArray(value) ? value.join(' ') : textOf(value),
  );
  const text = parts.filter((part) => part !== undefined && part !== '').join(' · ');
  return text === '' ? undefined : text;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function bounded(text: string | undefined, length: number): string | undefined {
  if (text === undefined) return undefined;
  // Once more behind the cut, which may have halved a character.
  const shown = displayText(displayText(text.slice(0, length * 2)).slice(0, length));
  return shown === '' ? undefined : shown;
}
