import { displayText } from '../../display-text.ts';
import type { AuthOptions } from '../../options.ts';
import type { RedirectTarget } from '../../pages.ts';

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

/** The host of a client's metadata document, which is who vouches for its name; undefined for other clients. */
export function documentHost(
  { clientId }: { readonly clientId: string },
  declared: AuthOptions['clients'],
): string | undefined {
  const isDeclared = declared.some((client) => client.clientId === clientId);
  return isDeclared || !clientId.startsWith('https://') ? undefined : new URL(clientId).host;
}

/**
 * A client's name as it can be shown: without characters that hide, reorder or break text. A client
 * without a name is called by its id.
 */
export function displayName(name: string | undefined, clientId: string): string {
  const shown = displayText(name ?? '');
  return shown === '' ? clientId.slice(0, MAX_ID_CHARACTERS) : shown;
}
