import type { HttpOptions } from './options.ts';

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]']);

/** Host names under which a browser on the same machine reaches a server bound to loopback. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** The origin under which clients reach the server: the configured one, else made from host and port. */
export function publicUrlOf(options: Pick<HttpOptions, 'host' | 'port' | 'publicUrl'>): URL {
  if (options.publicUrl !== undefined) return new URL(options.publicUrl);
  return new URL(
    `http://${WILDCARDS.has(options.host) ? '127.0.0.1' : bracketed(options.host)}:${options.port}`,
  );
}

/** An IPv6 address as it stands in a URL; everything else unchanged. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
