/** Where a Redis server is and how to sign in there. */
export interface RedisAddress {
  readonly tls: boolean;
  /** Name, IPv4 address, or IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const DEFAULT_PORT = '6379';

const FORM =
  /^redis(?<tls>s?):\/\/(?:(?<username>[^:@/?#]*):(?<password>[^:@/?#]+)@)?(?:\[(?<ipv6>[\da-f:.]+)\]|(?<name>[^:@/?#[\]\s]+))(?::(?<port>\d+))?(?:\/(?<database>\d{0,5}))?$/i;

/**
 * Reads `redis[s]://[[user]:password@]host[:port][/database]`
 * (https://www.iana.org/assignments/uri-schemes/prov/redis), without query or fragment; `undefined` for
 * everything else. Failing says nothing about the text, which holds a password.
 */
export function redisAddressOf(url: string): RedisAddress | undefined {
  const parts = FORM.exec(url)?.groups;
  if (parts === undefined || !URL.canParse(url)) return undefined;
  try {
    return {
      tls: parts['tls'] !== '',
      host: parts['ipv6'] ?? parts['name'] ?? '',
      port: Number(parts['port'] ?? DEFAULT_PORT),
      username: decoded(parts['username']),
      password: decoded(parts['password']),
      database: Number(parts['database'] ?? 0),
    };
  } catch {
    return undefined;
  }
}

/** @throws URIError for what is not encoded as URLs demand */
function decoded(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : decodeURIComponent(text);
}
