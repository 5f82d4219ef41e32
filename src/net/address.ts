import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Where an address leads: to the internet, into a network of somebody's own, to this machine, or to where no
 * request of ours has anything to do: neighbours on the wire, metadata of clouds, everybody and nobody.
 */
export type AddressKind = 'public' | 'private' | 'loopback' | 'never';

/** All of IPv6 that is given out to the public (RFC 4291 §2.4, IANA); ipaddr.js calls more than that unicast. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** A translator reaches the IPv4 address in the last four bytes (RFC 6052 §2.1). */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Answered inside of a cloud, where they hand out credentials to whoever asks, and not link-local: Azure,
 * Alibaba, and AWS and Google in IPv6.
 */
const METADATA: ReadonlySet<string> = new Set([
  '168.63.129.16',
  '100.100.100.200',
  'fd00:ec2::254',
  'fd20:ce::254',
]);

const KINDS: Readonly<Record<string, AddressKind>> = {
  unicast: 'public',
  loopback: 'loopback',
  private: 'private',
  carrierGradeNat: 'private',
  uniqueLocal: 'private',
};

/** Judges what a resolver or a socket answers; anything that is not an IP address is `never`. */
export function addressKind(address: string): AddressKind {
  const spelled = canonical(address);
  if (spelled === undefined) return 'never';
  const parsed = ipaddr.process(spelled);
  if (parsed instanceof ipaddr.IPv4) return kindOf(parsed);
  if (parsed.match(NAT64)) {
    const embedded = new ipaddr.IPv4(parsed.toByteArray().slice(-4));
    return kindOf(embedded) === 'public' ? 'public' : 'never';
  }
  const kind = kindOf(parsed);
  return kind === 'public' && !parsed.match(GLOBAL_UNICAST) ? 'never' : kind;
}

/** ipaddr.js takes `::10.0.0.1` for `::ffff:10.0.0.1`, which it is not: spelled without dots, it cannot. */
function canonical(address: string): string | undefined {
  const version = isIP(address);
  if (version !== 6) return version === 4 ? address : undefined;
  // With a zone it is no host of a URL, and link-local anyhow.
  return URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
}

function kindOf(address: ipaddr.IPv4 | ipaddr.IPv6): AddressKind {
  return METADATA.has(address.toString()) ? 'never' : (KINDS[address.range()] ?? 'never');
}
