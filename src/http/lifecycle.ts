import type { RequestHandler } from 'express';
import { AppError } from '../core/errors.ts';
import { httpContextOf } from './http-context.ts';

/** Seconds after which another process has taken over, as a rule. */
const RETRY_AFTER = 5;

/** What probes and scrapers ask until the very end. */
const SERVED_TO_THE_END: ReadonlySet<string> = new Set([
  '/health',
  '/health/live',
  '/health/ready',
  '/metrics',
]);

/** Whether the process still takes new work. */
export class Lifecycle {
  readonly #onDraining: () => void;
  #draining = false;

  /** `onDraining` is called once, when the end begins. */
  constructor(onDraining: () => void = () => undefined) {
    this.#onDraining = onDraining;
  }

  get draining(): boolean {
    return this.#draining;
  }

  beginDraining(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#onDraining();
  }
}

/** Refuses new work with 503 while the process ends; health and metrics are answered to the end. */
export function drainGate(lifecycle: Lifecycle): RequestHandler {
  return function drainGate(request, response, next) {
    if (!lifecycle.draining || SERVED_TO_THE_END.has(httpContextOf(request).route)) {
      next();
      return;
    }
    response.setHeader('Connection', 'close');
    next(
      new AppError('DRAINING', 'This process is ending and takes no new work.', {
        retryAfter: RETRY_AFTER,
        next: `send the same request again in ${RETRY_AFTER} s`,
      }),
    );
  };
}
