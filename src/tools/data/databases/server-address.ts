import { readFile } from 'node:fs/promises';
import { isLoopback } from '../../../core/loopback.ts';
import type { ServerOptions } from '../options/databases.ts';

/** Where a database is and whom to sign in as. Never logged. */
export interface ServerAddress {
  /** A name, an address, or the folder of a socket (PostgreSQL). */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Undefined: without TLS. */
  readonly tls: { readonly rejectUnauthorized: boolean; readonly ca?: string } | undefined;
}

/** @throws where the file of certificates cannot be read */
export async function serverAddress(
  address: string,
  { tls, caFile }: Pick<ServerOptions, 'tls' | 'caFile'>,
  defaultPort: number,
): Promise<ServerAddress> {
  const url = new URL(address);
  const host =
    url.searchParams.get('host') ?? (decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '') || 'localhost');
  const mode = tls ?? (isNear(host) ? 'off' : 'verify');
  return {
    host,
    port: Number(url.port) || defaultPort,
    database: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    tls:
      mode === 'off'
        ? undefined
        : {
            rejectUnauthorized: mode === 'verify',
            ...(caFile === undefined ? {} : { ca: await readFile(caFile, 'utf8') }),
          },
  };
}

function isNear(host: string): boolean {
  return host.startsWith('/') || isLoopback(host);
}
