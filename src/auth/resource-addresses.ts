/** Where the transport of revision 2024-11-05 opens its streams: another address of the same resource. */
export function streamAddress(resource: URL): URL {
  return new URL('/sse', resource);
}

/** The routes whose clients know the resource by its other address. */
export const STREAM_ROUTES: ReadonlySet<string> = new Set(['/sse', '/messages']);

/**
 * Every way in which clients name the one resource: a client may only use metadata that name the very address
 * it was given (RFC 9728 §3.3), and some write a slash behind every URL.
 */
export function spellingsOf(resource: string): string[] {
  const addresses = [resource, streamAddress(new URL(resource)).href];
  return addresses.flatMap((address) => [address, `${address}/`]);
}
