import type { Principal } from './principal.ts';

/** What a call has produced beyond what its result may hold. */
export interface Kept {
  /** What the file is to be called, with an extension: `orders.json`. A name that is taken gets a number. */
  readonly name: string;
  readonly mimeType: string;
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** A file that its principal can read, search and query by this path until it expires. */
export interface KeptFile {
  /** Virtual: `/.scratch/orders.json`. */
  readonly path: string;
  readonly uri: string;
  readonly name: string;
  readonly mimeType: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Where results go that are too large to be told: an area for each subject, seen by nobody else. */
export interface Scratch {
  /** @throws AppError `FILE_TOO_LARGE` when the subject's area is full and nothing of it has expired */
  keep(principal: Pick<Principal, 'subject' | 'permit'>, kept: Kept): Promise<KeptFile>;
}
