import { randomBytes } from 'node:crypto';

let last = 0;

/**
 * Names a connection among those that take a stream over from each other, by when it came: a message of an
 * earlier one may still be on its way when a later one has begun to listen, and must not end it.
 */
export function takeTurn(): string {
  // Two that come within one millisecond are in order as well.
  last = Math.max(last + 1, Date.now() * 1000);
  return `${String(last).padStart(19, '0')}-${randomBytes(9).toString('base64url')}`;
}

/** Whether the other connection came later. */
export function isAfter(other: unknown, own: string): boolean {
  return typeof other === 'string' && other > own;
}
