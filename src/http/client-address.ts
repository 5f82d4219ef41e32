import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';

/** Which proxies are believed, and what they say. */
export interface ProxyTrust {
  /** Express's own form of the setting `trust proxy`. */
  readonly trusts: (address: string, hop: number) => boolean;
  /** Whether the request came from a proxy that is believed. */
  peerIsTrusted(request: IncomingMessage): boolean;
  /** The client's address: the first one, seen from here, that is no trusted proxy's. */
  addressOf(request: IncomingMessage): string;
}

/** What stands for the address of a connection that is gone. */
const NO_ADDRESS = 'unknown';

/** Reads the setting `trustProxy`: addresses, ranges and their names, or a single number of hops. */
export function proxyTrust(entries: readonly string[]): ProxyTrust {
  const [first] = entries;
  if (first === undefined) {
    return { trusts: () => false, peerIsTrusted: () => false, addressOf: peerOf };
  }
  const hops = Number(first);
  const trusts = Number.isInteger(hops)
    ? (_address: string, hop: number) => hop < hops
    : proxyAddr.compile([...entries]);
  return {
    trusts,
    peerIsTrusted: (request) => trusts(peerOf(request), 0),
    addressOf: (request) => {
      const address = plain(withoutPort(proxyAddr(request, trusts)));
      // A client can put any text into the header that a proxy adds to.
      return isIP(address) === 0 ? peerOf(request) : address;
    },
  };
}

/** The address at the other end of the connection. */
export function peerOf(request: IncomingMessage): string {
  return plain(request.socket.remoteAddress ?? NO_ADDRESS);
}

/** Some balancers write the client's port behind its address. */
function withoutPort(address: string): string {
  return /^\[?([\d.]+|[\da-f:.]+(?=\]))\]?(:\d+)?$/i.exec(address)?.[1] ?? address;
}

/** An IPv4 address as such, where a dual-stack socket reports it inside an IPv6 one. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
