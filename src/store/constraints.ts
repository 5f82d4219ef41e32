import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Lifetime } from '../core/store.ts';

const MAX_KEY_BYTES = 512;

/** Holds for keys, and for the names of streams and channels. */
export function assertKey(key: string): void {
  if (key === '' || Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new RangeError(`A store key has 1 to ${MAX_KEY_BYTES} bytes`);
  }
  assertText(key);
}

/** A lone surrogate has no UTF-8 form: two different strings would become the same record. */
export function assertText(value: string): void {
  if (/\p{Surrogate}/u.test(value)) throw new RangeError('The store takes well-formed Unicode only');
}

export function assertInteger(value: number, what: string): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${what} is an integer`);
}

export function assertCount(value: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${what} is a positive integer`);
}

/** The id of a stream's event as the number that it stands for; 0 precedes every event. */
export function sequenceOf(id: string | undefined): number {
  if (id === undefined) return 0;
  const sequence = /^[1-9]\d{0,15}$/.test(id) ? Number(id) : Number.NaN;
  if (!Number.isSafeInteger(sequence)) throw new AppError('BAD_REQUEST', 'This is not the id of an event.');
  return sequence;
}

/** When a record of this lifetime ends, in milliseconds since the epoch; null for one that never does. */
export function expiryOf(lifetime: Lifetime, clock: Clock): number | null {
  return lifetime === 'permanent' ? null : instantAfter(lifetime, clock);
}

export function instantAfter(seconds: number, clock: Clock): number {
  return Math.min(Math.round(clock.now()) + millisecondsOf(seconds), Number.MAX_SAFE_INTEGER);
}

/** A lifetime in whole milliseconds. */
export function millisecondsOf(seconds: number): number {
  if (!Number.isFinite(seconds)) throw new RangeError('A lifetime is a finite number of seconds');
  return Math.min(Math.round(seconds * 1000), Number.MAX_SAFE_INTEGER);
}
