import type { RedirectTarget } from '../pages.ts';

const MAX_ID_CHARACTERS = 100;
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether the host of a URL can only mean the person's own machine. */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK.has(hostname);
}

/** Where a redirect URI leads, for people. */
export function redirectTarget(uri: string): RedirectTarget {
  const { protocol, host, hostname } = new URL(uri);
  if (protocol !== 'https:' && protocol !== 'http:') return { kind: 'app', name: protocol.slice(0, -1) };
  return { kind: isLoopbackHost(hostname) ? 'loopback' : 'web', name: host };
}

/**
 * A client's name as it can be shown: without characters that hide, reorder or break text. A client
 * without a name is called by its id.
 */
export function displayName(name: string | undefined, clientId: string): string {
  const shown = (name ?? '')
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
  return shown === '' ? clientId.slice(0, MAX_ID_CHARACTERS) : shown;
}
