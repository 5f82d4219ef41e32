import type { HttpOptions } from './options.ts';

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '::1', '[::1]']);
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]']);

/** Host names under which a browser on the same machine reaches a server bound to loopback. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a host name or address, with or without brackets, can only mean this machine. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

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
