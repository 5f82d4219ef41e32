import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Where an address leads: to the internet, to this machine, or to anything else that is nobody's business. */
export type AddressKind = 'public' | 'loopback' | 'internal';

/** All of IPv6 that is given out to the public (RFC 4291 §2.4, IANA); ipaddr.js calls more than that unicast. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** A translator reaches the IPv4 address in the last four bytes (RFC 6052 §2.1). */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** Public by its number, but answered inside of Azure: the platform's control channel to a machine. */
const AZURE_PLATFORM = '168.63.129.16';

/** Judges what a resolver or a socket answers; anything that is not an IP address is `internal`. */
export function addressKind(address: string): AddressKind {
  if (isIP(address) === 0) return 'internal';
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return ipv4Kind(parsed);
  if (parsed.match(NAT64)) {
    const embedded = new ipaddr.IPv4(parsed.toByteArray().slice(-4));
    return ipv4Kind(embedded) === 'public' ? 'public' : 'internal';
  }
  const range = parsed.range();
  if (range === 'loopback') return 'loopback';
  return range === 'unicast' && parsed.match(GLOBAL_UNICAST) ? 'public' : 'internal';
}

function ipv4Kind(address: ipaddr.IPv4): AddressKind {
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  return range === 'unicast' && address.toString() !== AZURE_PLATFORM ? 'public' : 'internal';
}
