import { lookup } from 'node:dns/promises';
import { Agent, buildConnector, fetch } from 'undici';
import type { Reach } from '../core/fetch.ts';
import { type AddressKind, addressKind } from './address.ts';
import { type AddressPolicy, guardConnector, guardLookup, type Resolve } from './connector.ts';

/** Sockets to one origin at a time: a slow server keeps few of them. */
const CONNECTIONS_PER_ORIGIN = 8;
const KEEP_ALIVE_MS = 1_000;

export interface ClientOptions {
  readonly timeoutMs: number;
  readonly allowLoopback: boolean;
  readonly reach: Reach;
  readonly lookup?: Resolve;
}

/** The part of the standard that the guarded fetch sends, once a request is taken apart. */
interface Exchange {
  readonly method: string;
  readonly headers: [string, string][];
  readonly body: Uint8Array<ArrayBuffer> | null;
  readonly signal: AbortSignal;
  readonly redirect: 'manual' | 'error';
}

export type Send = (url: string, exchange: Exchange) => ReturnType<typeof fetch>;

const REACHED: Readonly<Record<Reach, readonly AddressKind[]>> = {
  public: ['public'],
  private: ['public', 'private'],
  loopback: ['public', 'private', 'loopback'],
};

/** An HTTP client with connections of its own: no proxy of the environment, no cookies, no HTTP/2. */
export function createClient({ timeoutMs, allowLoopback, reach, lookup: resolve }: ClientOptions): Send {
  const permits: AddressPolicy = (address) => {
    const kind = addressKind(address);
    return REACHED[reach].includes(kind) || (allowLoopback && kind === 'loopback');
  };
  const connect = buildConnector({
    allowH2: false,
    // Nobody waits for it any longer: the socket shall not either.
    timeout: timeoutMs,
    lookup: guardLookup(resolve ?? ((hostname) => lookup(hostname, { all: true })), permits),
  });
  const dispatcher = new Agent({
    connect: guardConnector(connect, permits),
    connections: CONNECTIONS_PER_ORIGIN,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // The signal of each exchange holds its time, from the lookup to the last byte.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return (url, exchange) => fetch(url, { ...exchange, dispatcher });
}
