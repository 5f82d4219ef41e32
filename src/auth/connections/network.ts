import ipaddr from 'ipaddr.js';

/** The address, or its /48 in IPv6, as which one customer may have all of it (RFC 6177 §2). */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv6' ? parsed.toByteArray().slice(0, 6).join('.') : parsed.toString();
}
