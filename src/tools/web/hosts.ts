import { domainToASCII } from 'node:url';
import * as z from 'zod';

const PATTERN = /^(\*\.)?(\[[0-9a-f:.]+\]|[^\s/\\?#@:[\]*]+)(:\d{1,5})?$/i;

/** A host, `*.example.com` for those below one, either with a port where only that one is meant. */
export const hostPattern = z
  .string()
  .max(300)
  .regex(PATTERN, 'must be a host such as wiki.example.com, *.example.com or wiki.example.com:8080');

/** Hosts that the operator has listed. */
export class HostList {
  readonly #matchers: readonly ((host: string, port: string) => boolean)[];

  constructor(patterns: readonly string[]) {
    this.#matchers = patterns.map((pattern) => matcher(pattern));
  }

  get isEmpty(): boolean {
    return this.#matchers.length === 0;
  }

  has(url: URL): boolean {
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    return this.#matchers.some((matches) => matches(bareHost(url), port));
  }
}

/** A name with a dot at its end is the same host (RFC 3986 §3.2.2). */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/\.$/, '');
}

function matcher(pattern: string): (host: string, port: string) => boolean {
  const [, wildcard, name = '', port] = PATTERN.exec(pattern) ?? [];
  // As URLs spell it: in lower case, international names in ASCII.
  const spelled = name.startsWith('[') ? name.toLowerCase() : domainToASCII(name).replace(/\.$/, '');
  const matchesHost =
    wildcard === undefined
      ? (host: string) => host === spelled
      : (host: string) => host.endsWith(`.${spelled}`);
  return (host, ofUrl) => spelled !== '' && matchesHost(host) && (port === undefined || port === `:${ofUrl}`);
}
