import ipaddr from 'ipaddr.js';

/**
 * The address, or the network in IPv6 that one customer has all of.
 *
 * @param bits How much of an IPv6 address counts. Default 64, of which a single customer has at least one; 48 where
 *   even all that one may have must count as one (RFC 6177 §2).
 */
export function networkOf(address: string, bits: 48 | 64 = 64): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() !== 'ipv6') return parsed.toString();
  return parsed
    .toByteArray()
    .slice(0, bits / 8)
    .join('.');
}
