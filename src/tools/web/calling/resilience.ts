import { setTimeout as wait } from 'node:timers/promises';
import type { CircuitBreakerPolicy } from 'cockatiel';
import { AppError } from '../../../core/errors.ts';
import { FairLimiter } from '../../../core/fair-limiter.ts';
import type { HealthReport } from '../../../core/health.ts';
import type { ApiOptions, Method } from './options.ts';

/** RFC 9110 §9.2.2: doing it twice does no more than doing it once. */
const REPEATABLE_METHODS: ReadonlySet<Method> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
const WORTH_REPEATING: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 10_000;
const CONCURRENT = 8;
/** How long is a matter of the signal. */
const QUEUE = { perPrincipal: CONCURRENT, queuePerPrincipal: 64, queueWaitMs: 600_000 };

/** The part of an answer that says whether to try again. */
interface Answered {
  readonly status: number;
  /** Undefined where the server does not say. */
  readonly retryAfter: string | undefined;
}

type Outcome<A extends Answered> = { readonly answer: A } | { readonly error: unknown };

interface Work<A extends Answered> {
  readonly method: Method;
  /** Who asks: those who wait are served in turn. */
  readonly subject: string;
  readonly attempt: (signal: AbortSignal) => Promise<A>;
  /** Of the caller: what it ends says nothing of the API. */
  readonly caller: AbortSignal;
  /** Of the caller and the clock. */
  readonly signal: AbortSignal;
}

type ResilienceOptions = Pick<ApiOptions, 'name' | 'retries' | 'breakAfter' | 'breakMs'>;

/** Keeps one API and its callers from harm by each other: few requests at a time, repetitions, and a breaker. */
export class Resilience {
  readonly #options: ResilienceOptions;
  readonly #random: () => number;
  readonly #places = new FairLimiter({ global: CONCURRENT, ...QUEUE });
  #breaker: Promise<CircuitBreakerPolicy> | undefined;
  #openedAt: number | undefined;

  constructor(options: ResilienceOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /**
   * The answer of the last attempt, whatever its status.
   *
   * @throws AppError `CIRCUIT_OPEN`, `BUSY`, what the attempt throws, the signal's reason
   */
  async run<A extends Answered>(work: Work<A>): Promise<A> {
    work.signal.throwIfAborted();
    const { subject, signal } = work;
    const release = this.#places.tryAcquire(subject) ?? (await this.#places.acquire(subject, signal));
    try {
      const outcome = await this.#repeat(work);
      if ('error' in outcome) throw outcome.error;
      return outcome.answer;
    } finally {
      release();
    }
  }

  report(): HealthReport {
    if (this.#openedAt === undefined) return { status: 'ok' };
    return { status: 'degraded', detail: `its last ${this.#options.breakAfter} requests failed` };
  }

  async #repeat<A extends Answered>(work: Work<A>): Promise<Outcome<A>> {
    const retries = isRepeatable(work.method) ? this.#options.retries : 0;
    for (let repeated = 0; ; repeated++) {
      const outcome = await this.#once(work);
      const pause = repeated < retries ? this.#pause(outcome, repeated) : undefined;
      if (pause === undefined) return outcome;
      try {
        await wait(pause, undefined, { signal: work.signal });
      } catch {
        return { error: work.signal.reason as unknown };
      }
    }
  }

  async #once<A extends Answered>({ attempt, caller, signal }: Work<A>): Promise<Outcome<A>> {
    const { default: cockatiel } = await import('cockatiel');
    this.#breaker ??= this.#createBreaker();
    const breaker = await this.#breaker;
    try {
      const outcome = breaker.execute(async (): Promise<Outcome<A>> => {
        try {
          return { answer: await attempt(signal) };
        } catch (error) {
          const isTrial = breaker.state === cockatiel.CircuitState.HalfOpen;
          if (caller.aborted && !isTrial) throw new EndedByCaller();
          if (!caller.aborted && !isFailure(error)) return { error };
          throw error;
        }
      });
      // The breaker lets calls wait for the outcome of a trial without listening to them.
      return await unlessAborted(outcome, signal);
    } catch (error) {
      return { error: cockatiel.isBrokenCircuitError(error) ? this.#open(error) : error };
    }
  }

  #open(cause: unknown): AppError {
    const { name, breakMs } = this.#options;
    const left = (this.#openedAt ?? 0) + breakMs - performance.now();
    const seconds = Math.max(1, Math.ceil(left / 1000));
    return new AppError(
      'CIRCUIT_OPEN',
      `The API ${name} has failed repeatedly and is left alone for a while.`,
      {
        retryAfter: seconds,
        next: `the same call after ${seconds} s, or go on without it`,
        cause,
      },
    );
  }

  async #createBreaker(): Promise<CircuitBreakerPolicy> {
    const { default: cockatiel } = await import('cockatiel');
    const breaker = cockatiel.circuitBreaker(
      cockatiel.handleWhenResult(isServerFailure).orWhen((error) => !(error instanceof EndedByCaller)),
      {
        halfOpenAfter: this.#options.breakMs,
        breaker: new cockatiel.ConsecutiveBreaker(this.#options.breakAfter),
      },
    );
    breaker.onBreak(() => {
      this.#openedAt = performance.now();
    });
    breaker.onReset(() => {
      this.#openedAt = undefined;
    });
    return breaker;
  }

  /** Milliseconds until the next attempt, or undefined where there is to be none. */
  #pause(outcome: Outcome<Answered>, repeated: number): number | undefined {
    if ('error' in outcome) {
      const { error } = outcome;
      return isFailure(error) && error.code === 'SOURCE_UNAVAILABLE' ? this.#jittered(repeated) : undefined;
    }
    const { status, retryAfter } = outcome.answer;
    if (!WORTH_REPEATING.has(status)) return undefined;
    const asked = retryAfterMs(retryAfter);
    if (asked === undefined) return this.#jittered(repeated);
    return asked <= MAX_WAIT_MS ? asked : undefined;
  }

  /** Those who failed together shall not come back together. */
  #jittered(repeated: number): number {
    return Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** repeated) * (0.5 + this.#random() / 2);
  }
}

/** Neither a failure of the API nor a success. */
class EndedByCaller extends Error {}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    void work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', leave);
    });
  });
}

export function isRepeatable(method: Method): boolean {
  return REPEATABLE_METHODS.has(method);
}

/** That the API does not answer; what is wrong with a request or an answer is no failure of it. */
function isFailure(error: unknown): error is AppError {
  return error instanceof AppError && (error.code === 'SOURCE_UNAVAILABLE' || error.code === 'TIMEOUT');
}

function isServerFailure(outcome: unknown): boolean {
  const { answer } = outcome as { readonly answer?: Answered };
  return answer !== undefined && answer.status >= 500 && answer.status !== 501;
}

/** RFC 9110 §10.2.3: seconds or a date. */
function retryAfterMs(value: string | undefined, now: number = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
