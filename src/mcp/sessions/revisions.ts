/** Revisions that begin with `initialize`, by their dates; the current one comes after all of them. */
const PRIMING_SINCE = '2025-11-25';
const BATCHES_IN = '2025-03-26';

/** Whether streams begin with an event id, so that the server may close them early (SEP-1699). */
export function hasPriming(revision: string): boolean {
  return revision >= PRIMING_SINCE;
}

/** JSON-RPC batches were in one revision of the Streamable HTTP transport only. */
export function hasBatches(revision: string): boolean {
  return revision === BATCHES_IN;
}
