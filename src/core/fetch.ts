/**
 * What kind of addresses may be connected to: `public` ones; those of `private` networks besides; those of this
 * machine besides (`loopback`). Never is it one that is link-local, reserved, or hands out metadata of a cloud.
 */
export type Reach = 'public' | 'private' | 'loopback';

export interface FetchOptions {
  /** Milliseconds for the whole exchange, from the lookup to the last byte of the body. Default 15 000. */
  readonly timeoutMs?: number;
  /** Bytes that a body may have after decompression. Default 5 MiB. */
  readonly maxResponseBytes?: number;
  /** Default `public`. More than that is for hosts that the operator has named. */
  readonly reach?: Reach;
}

/** Makes a guarded fetch with bounds and connections of its own. */
export type CreateFetch = (options?: FetchOptions) => typeof globalThis.fetch;
