import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import { endOf, hasCode, type KeyFile, keyFilePath, withoutOutlived } from './key-file.ts';
import { type KeyPlace, keySource } from './key-source.ts';

/** What may be told of a key: nothing of the key itself. Times are milliseconds since the epoch. */
export interface KeyDescription {
  readonly purpose: 'signing' | 'cookies' | 'sealing';
  /** The key's id; for cookies, which need none, the start of a hash. */
  readonly kid: string;
  readonly state: 'next' | 'in use' | 'old';
  /** From when on it is used. */
  readonly activeAt: number;
  /** When it is dropped; undefined while nothing has replaced it. */
  readonly endsAt: number | undefined;
}

/**
 * The keys, newest first. None where none were made yet: looking makes none.
 *
 * @throws AppError `CONFIGURATION_INVALID` as `openKeys` does
 */
export async function listKeys(place: KeyPlace, clock: Clock): Promise<KeyDescription[]> {
  const source = keySource(place, clock);
  if (source.kind === 'own' && !(await exists(keyFilePath(place.dataDir)))) return [];
  const now = clock.now();
  const file = withoutOutlived(await source.read(), now);
  return [
    ...file.signing.map((key) => describe('signing', key, now)),
    ...file.cookies.map((key) => describe('cookies', { ...key, kid: fingerprint(key) }, now)),
    ...file.sealing.map((key) => describe('sealing', key, now)),
  ];
}

type Key = Pick<KeyFile['signing'][number], 'kid' | 'activeAt' | 'retiredAt'>;

function describe(
  purpose: KeyDescription['purpose'],
  { kid, activeAt, retiredAt }: Key,
  now: number,
): KeyDescription {
  const isOld = retiredAt !== undefined && retiredAt <= now;
  const state = activeAt > now ? 'next' : isOld ? 'old' : 'in use';
  return { purpose, kid, state, activeAt, endsAt: endOf(purpose, retiredAt) };
}

/** Of 256 random bits, of which it tells nothing. */
function fingerprint({ secret }: { readonly secret: string }): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
