import { OutputBudget } from '../core/budget.ts';
import { AppError } from '../core/errors.ts';
import { type ConcurrencyLimits, FairLimiter, type Release } from '../core/fair-limiter.ts';
import type { Principal } from '../core/principal.ts';
import type { CallOrigin } from './call-origin.ts';
import { type CallSurroundings, revoked, RunningCall } from './running-call.ts';

export interface RunningCallsOptions extends CallSurroundings {
  readonly concurrency: ConcurrencyLimits;
  readonly maxCallMs: number;
  /** Estimated tokens that one result may hold. */
  readonly outputTokens: number;
}

type Work<T> = (call: RunningCall) => Promise<T>;

/** A call that ends when the authority is revoked that it is made under. */
type Revocable = Pick<RunningCall, 'principal' | 'revoke'>;

/**
 * What this process works on for principals, tool calls and all else that takes time: each has a place and a
 * deadline, and ends with the authority that it was begun under.
 */
export class RunningCalls {
  readonly #options: RunningCallsOptions;
  readonly #limiter: FairLimiter;
  /** Those that run or wait. */
  readonly #calls = new Set<Revocable>();

  constructor(options: RunningCallsOptions) {
    this.#options = options;
    this.#limiter = new FairLimiter(options.concurrency);
  }

  /** How many have a place now. */
  get count(): number {
    return this.#limiter.running;
  }

  /** For whom something runs or waits, once for each. */
  *principals(): Iterable<Principal> {
    for (const { principal } of this.#calls) yield principal;
  }

  /** Cancels what was begun under an authority that was revoked. */
  cancelOf(authority: string): void {
    for (const call of this.#calls) if (call.principal.authority === authority) call.revoke();
  }

  /**
   * Does the work once there is a place.
   *
   * @throws AppError `BUSY` without one, `TIMEOUT` after as many milliseconds, `CANCELLED`; what the work throws
   */
  run<T>(origin: CallOrigin, timeoutMs: number, work: Work<T>): Promise<T> {
    const { subject, permit } = origin.principal;
    const release = this.#limiter.tryAcquire(subject, permit.limits.concurrentCalls);
    return release === undefined
      ? this.#wait(origin).then((later) => this.#perform(origin, timeoutMs, work, later))
      : this.#perform(origin, timeoutMs, work, release);
  }

  /** The answer comes at the deadline even if the work does not heed it; its place is free once it really ended. */
  #perform<T>(origin: CallOrigin, timeoutMs: number, work: Work<T>, release: Release): Promise<T> {
    return new Promise((resolve, reject) => {
      const limitMs = Math.min(timeoutMs, this.#options.maxCallMs);
      const { fetch, scratch } = this.#options;
      const budget = this.#budgetOf(origin);
      const call = new RunningCall(origin, { budget, timeoutMs: limitMs, fetch, scratch, onEnd: reject });
      this.#calls.add(call);
      // It may throw before its first await.
      new Promise<T>((done) => {
        done(work(call));
      })
        .then(resolve, reject)
        .finally(() => {
          call.finish();
          this.#calls.delete(call);
          release();
        });
    });
  }

  async #wait(origin: CallOrigin): Promise<Release> {
    const { principal } = origin;
    const controller = new AbortController();
    const forget = origin.onCancel(() => {
      controller.abort(new AppError('CANCELLED', 'The call was cancelled while it waited for a place.'));
    });
    const waiting: Revocable = {
      principal,
      revoke: () => {
        controller.abort(revoked());
      },
    };
    this.#calls.add(waiting);
    try {
      const { subject, permit } = principal;
      return await this.#limiter.acquire(subject, controller.signal, permit.limits.concurrentCalls);
    } finally {
      this.#calls.delete(waiting);
      forget();
    }
  }

  #budgetOf({ principal }: CallOrigin): OutputBudget {
    const { outputTokens } = this.#options;
    return new OutputBudget(Math.min(outputTokens, principal.permit.limits.outputTokens ?? outputTokens));
  }
}
