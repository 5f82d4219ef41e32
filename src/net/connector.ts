import { isIP, type LookupFunction } from 'node:net';
import type { LookupAddress } from 'node:dns';
import type { buildConnector } from 'undici';
import { urlBlocked } from './blocked.ts';

/** Whether a connection to this address may be made. */
export type AddressPolicy = (address: string) => boolean;

/** Finds all addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** A lookup for sockets that answers all addresses of a name, or none when one of them may not be reached. */
export function guardLookup(resolve: Resolve, permits: AddressPolicy): LookupFunction {
  return function guardedLookup(hostname, options, callback) {
    resolve(hostname).then(
      (answers) => {
        const [first] = answers;
        if (first === undefined || !answers.every(({ address }) => permits(address))) {
          callback(urlBlocked(), []);
        } else if (options.all === true) {
          callback(null, [...answers]);
        } else {
          callback(null, first.address, first.family);
        }
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), []);
      },
    );
  };
}

/**
 * A connector that judges a literal address before it connects, as no lookup happens then, and the
 * address of the peer once more before anything is sent to it.
 */
export function guardConnector(
  connect: buildConnector.connector,
  permits: AddressPolicy,
): buildConnector.connector {
  return function guardedConnector(options, callback) {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !permits(host)) {
      queueMicrotask(() => {
        callback(urlBlocked(), null);
      });
      return;
    }
    connect(options, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
      } else if (socket.remoteAddress === undefined || !permits(socket.remoteAddress)) {
        socket.destroy();
        callback(urlBlocked(), null);
      } else {
        callback(null, socket);
      }
    });
  };
}
