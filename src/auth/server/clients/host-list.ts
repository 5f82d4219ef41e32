/**
 * Whether a list of the operator's allows a host.
 *
 * @param hostname As URLs have it: in lower case, international names in ASCII.
 * @param list Hosts, and `*.example.com` for those below one. Undefined: all are allowed.
 */
export function hostIsAllowed(hostname: string, list: readonly string[] | undefined): boolean {
  if (list === undefined) return true;
  // A name with a dot at its end is the same host (RFC 3986 §3.2.2).
  const host = hostname.replace(/\.$/, '');
  return list.some((entry) => (entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry));
}
