import { AppError } from '../core/errors.ts';
import type { Logger } from '../core/telemetry.ts';
import type { RedisAddress } from './redis-address.ts';
import type { RedisConnection } from './redis-connection.ts';
import { refusalOf } from './redis-failures.ts';

/** GETDEL and exclusive ranges of streams came with it. */
const LEAST = { major: 6, minor: 2 };

/**
 * Looks whether the server can hold the state: not older than 6.2, a primary, and no cluster. Warns when
 * it may throw records away to make room.
 *
 * @throws AppError `CONFIGURATION_INVALID`, `UNAVAILABLE`
 */
export async function inspectServer(
  connection: RedisConnection,
  { address, logger }: { readonly address: RedisAddress; readonly logger: Logger },
): Promise<void> {
  const info = await readInfo(connection, address);
  const flaw = flawOf(info);
  if (flaw !== undefined) {
    const server = `Redis at ${address.host}:${address.port}`;
    throw new AppError('CONFIGURATION_INVALID', `${server} ${flaw.what}.`, { next: flaw.next });
  }
  const policy = info('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    logger.warn(
      { policy },
      'Redis may drop accounts, grants and sessions when its memory is full: set its maxmemory-policy to noeviction',
    );
  }
}

function flawOf(info: Info): { readonly what: string; readonly next: string } | undefined {
  const version = info('redis_version') ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (!(major * 100 + minor >= LEAST.major * 100 + LEAST.minor)) {
    return {
      what: `is too old (version ${version})`,
      next: `use Redis ${LEAST.major}.${LEAST.minor} or newer, or Valkey`,
    };
  }
  const mode = info('redis_mode') ?? 'unknown';
  if (mode !== 'standalone') {
    return {
      what: `is no single server (mode ${mode})`,
      next: 'name a primary that is neither part of a cluster nor a Sentinel',
    };
  }
  if (info('role') !== 'master') {
    return { what: 'is a replica, which takes no writes', next: 'name its primary' };
  }
  return undefined;
}

/** A field of what https://redis.io/docs/latest/commands/info/ describes. */
type Info = (field: string) => string | undefined;

async function readInfo(connection: RedisConnection, address: RedisAddress): Promise<Info> {
  const text = await connection.send(['INFO']).catch((error: unknown) => {
    throw refusalOf(error instanceof Error ? error.cause : error, address) ?? error;
  });
  const fields = String(text).matchAll(/^(\w+):(.*?)\r?$/gm);
  const values = new Map(Array.from(fields, ([, name = '', value = '']) => [name, value]));
  return (field) => values.get(field);
}
