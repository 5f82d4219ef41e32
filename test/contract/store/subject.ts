import type { Clock } from '../../../src/core/clock.ts';
import type { Store } from '../../../src/core/store.ts';

/** What each test finds made anew: a store, its clock, and what it logged. */
export interface StoreSubject {
  readonly store: Store;
  readonly clock: Clock;
  readonly lines: readonly { readonly level: string }[];
  /** Moves the clock on. */
  pass(seconds: number): Promise<void>;
}

/** Runs `count` calls at once and answers their results in the order of the calls. */
export function inParallel<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}
