import { endpointOf, fetchObject, type IssuerFetch } from './issuer-fetch.ts';

/**
 * An endpoint as the metadata of an issuer names it: at the address of RFC 8414 §3.1, else at that of OpenID
 * Connect Discovery §4.
 *
 * @throws AggregateError when no document can be had that is this issuer's own (RFC 8414 §3.3) and names it
 */
export async function discoverEndpoint(
  issuer: string,
  member: 'jwks_uri' | 'introspection_endpoint',
  fetch: IssuerFetch,
): Promise<string> {
  const failures: unknown[] = [];
  for (const address of metadataAddresses(issuer)) {
    try {
      const metadata = await fetchObject(fetch, address);
      if (metadata['issuer'] !== issuer) throw new Error(`${address} is the metadata of another issuer`);
      const endpoint = endpointOf(issuer, metadata[member]);
      if (endpoint !== undefined) return endpoint;
      throw new Error(`${address} names no ${member} that could be used`);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(
    failures,
    `No metadata of ${issuer} can be had: ${failures.map(String).join('; ')}`,
  );
}

function metadataAddresses(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}
