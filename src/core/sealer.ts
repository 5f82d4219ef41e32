import type { JsonObject } from './json.ts';

/**
 * Gives values to clients to keep, so that any process of the deployment gets back exactly what one of them
 * gave out: encrypted and authenticated under keys that rotate.
 */
export interface Sealer {
  /**
   * Answers visible ASCII (RFC 7516 compact serialisation: `A-Z a-z 0-9 - _ .`), about a third longer than
   * the value's JSON.
   *
   * @param purpose what the value is for; it opens for no other
   * @param lifetime seconds after which it no longer opens, at most `MAX_SEALED_LIFETIME`
   * @throws AppError `BAD_REQUEST` for a value of more than about 190 kB, RangeError for a longer lifetime
   */
  seal(purpose: string, value: JsonObject, lifetime: number): Promise<string>;
  /** What was sealed for this purpose; undefined for anything that is forged, torn, foreign or expired. */
  open(purpose: string, sealed: string): Promise<JsonObject | undefined>;
}
