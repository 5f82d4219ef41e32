import { AppError } from '../../../core/errors.ts';
import type { Reach } from '../../../core/fetch.ts';
import { isLoopback } from '../../../core/loopback.ts';
import { callText } from '../../../core/phrases.ts';
import { bareHost, HostList } from '../hosts.ts';
import type { WebOptions } from '../options.ts';

/** A URL that may be fetched, and the kind of addresses that its host may have. */
export interface Target {
  readonly url: URL;
  readonly reach: Reach;
}

const MAX_URL_LENGTH = 4096;
const FIRST_UNPRIVILEGED_PORT = 1024;

/**
 * Above 1024 and no web servers: what listens there takes commands from whoever speaks in lines (Fetch §2.9, "port
 * blocking").
 */
const BAD_PORTS: ReadonlySet<number> = new Set([
  ...[
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669,
    6679,
  ],
  ...[6697, 10080, 11211],
]);

const SCHEMELESS = /^[a-z0-9-]+(\.[a-z0-9-]+)+([/:?#]|$)/i;

/** Judges URLs, those that an agent gives as those that a page redirects to. */
export class Targets {
  readonly #allowed: HostList;
  readonly #denied: HostList;
  readonly #private: HostList;

  constructor({
    allowHosts,
    denyHosts,
    privateHosts,
  }: Pick<WebOptions, 'allowHosts' | 'denyHosts' | 'privateHosts'>) {
    this.#allowed = new HostList(allowHosts);
    this.#denied = new HostList(denyHosts);
    this.#private = new HostList(privateHosts);
  }

  /** @throws AppError `INVALID_ARGUMENT` for what is no URL; `URL_BLOCKED` */
  parse(text: string): Target {
    const url = text.length > MAX_URL_LENGTH ? null : URL.parse(text);
    if (url !== null) return this.judge(url);
    const completed =
      SCHEMELESS.test(text.trim()) && text.length < 300 ? `https://${text.trim()}` : undefined;
    throw new AppError('INVALID_ARGUMENT', 'url is not an absolute URL.', {
      next: callText('fetch_url', { url: completed ?? 'https://example.com/page' }),
    });
  }

  /** @throws AppError `URL_BLOCKED` */
  judge(url: URL): Target {
    assertWebAddress(url);
    if (this.#denied.has(url)) throw notListed();
    if (this.#private.has(url)) return { url, reach: isLoopback(bareHost(url)) ? 'loopback' : 'private' };
    if (!this.#allowed.isEmpty && !this.#allowed.has(url)) throw notListed();
    return { url, reach: 'public' };
  }
}

function assertWebAddress({ protocol, username, password, port }: URL): void {
  if (protocol !== 'http:' && protocol !== 'https:') throw blocked('Only http and https URLs are fetched.');
  if (`${username}${password}` !== '') {
    throw blocked('A URL with a user name or password in it is not fetched.');
  }
  if (!isWebPort(port)) throw blocked(`Port ${port} is not one that web pages are fetched from.`);
}

function isWebPort(port: string): boolean {
  if (port === '' || port === '80' || port === '443') return true;
  const number = Number(port);
  return number >= FIRST_UNPRIVILEGED_PORT && !BAD_PORTS.has(number);
}

function notListed(): AppError {
  return blocked('The operator of this server does not let pages of this host be fetched.');
}

export function blocked(message: string): AppError {
  return new AppError('URL_BLOCKED', message, {
    next: 'fetch_url with an http or https URL of a public page',
  });
}
