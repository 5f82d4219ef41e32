import { randomBytes } from 'node:crypto';

/**
 * Names a connection among those that take a stream over from each other, by when it came: a message of an
 * earlier one may still be on its way when a later one has begun to listen, and must not end it.
 */
export function takeTurn(): string {
  return `${String(Date.now()).padStart(16, '0')}-${randomBytes(9).toString('base64url')}`;
}

/** Whether the other connection came later. */
export function isAfter(other: unknown, own: string): boolean {
  return typeof other === 'string' && other > own;
}
