/** Names and attributes of the authorization server's cookies. */
export interface CookiePolicy {
  readonly names: { readonly session: string; readonly interaction: string; readonly resume: string };
  readonly attributes: { readonly httpOnly: true; readonly sameSite: 'lax'; readonly secure: boolean };
}

/**
 * The prefixes keep other hosts of the domain from planting cookies (RFC 6265bis §4.1.3). The cookies of an
 * interaction are bound to a path, which the stronger prefix does not allow. Plain http has no prefix.
 */
export function cookiePolicy(issuer: string): CookiePolicy {
  const secure = issuer.startsWith('https:');
  return {
    names: {
      session: secure ? '__Host-fairlead-session' : 'fairlead-session',
      interaction: secure ? '__Secure-fairlead-interaction' : 'fairlead-interaction',
      resume: secure ? '__Secure-fairlead-resume' : 'fairlead-resume',
    },
    attributes: { httpOnly: true, sameSite: 'lax', secure },
  };
}
