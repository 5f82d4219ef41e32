import { AppError } from '../../../core/errors.ts';
import type { Asking } from '../source.ts';

/** A signal that aborts with the call's, and by itself when time is up. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #end: () => void;

  constructor({ signal }: Pick<Asking, 'signal'>, milliseconds: number) {
    const controller = new AbortController();
    this.signal = controller.signal;
    const follow = (): void => {
      controller.abort(signal.reason);
    };
    const timer = setTimeout(() => {
      controller.abort(tooLong(milliseconds));
    }, milliseconds);
    if (signal.aborted) follow();
    else signal.addEventListener('abort', follow, { once: true });
    this.#end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    };
  }

  /** Nothing aborts any more. */
  end(): void {
    this.#end();
  }
}

/** Runs the work under the sooner of both limits. */
export async function withDeadline<T>(
  asking: Pick<Asking, 'signal' | 'timeoutMs'>,
  limitMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new Deadline(asking, Math.min(asking.timeoutMs, limitMs));
  try {
    deadline.signal.throwIfAborted();
    return await work(deadline.signal);
  } finally {
    deadline.end();
  }
}

export function tooLong(milliseconds: number): AppError {
  return new AppError('TIMEOUT', `The statement took longer than ${milliseconds / 1000} s and was ended.`, {
    next: 'ask for less: a narrower WHERE, fewer joins, or an aggregate over part of the rows',
  });
}
