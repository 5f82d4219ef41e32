import { readFile } from 'node:fs/promises';
import { isLoopback } from '../../../core/loopback.ts';
import type { ServerOptions } from '../options/databases.ts';
import { unavailable } from './sql-error.ts';

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

/** @throws AppError `SOURCE_UNAVAILABLE` where the file of certificates cannot be read */
export async function serverAddress(
  address: string,
  { name, tls, caFile }: Pick<ServerOptions, 'name' | 'tls' | 'caFile'>,
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
            ...(caFile === undefined ? {} : { ca: await certificates(name, caFile) }),
          },
  };
}

function isNear(host: string): boolean {
  return host.startsWith('/') || isLoopback(host);
}

async function certificates(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unavailable(name, 'its caFile cannot be read', error);
  }
}
