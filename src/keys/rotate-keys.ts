import { open, rename, stat, unlink } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import {
  hasCode,
  type KeyFile,
  keyFilePath,
  loadKeyFile,
  newKeys,
  readKeyFile,
  withoutOutlived,
  writeKeyFile,
} from './key-file.ts';

/**
 * How long a new key is published before it is used. Every process reads the file more often than that, so
 * none meets a token or a sealed value whose key it does not know.
 */
const PUBLISHED_AHEAD_MS = 10_000;

/** A rotation that is this old has died. */
const ABANDONED_MS = 60_000;

interface RotateOptions {
  /**
   * For keys that may be in other hands: the new ones take over now and the old ones are dropped, so that
   * whatever they signed or sealed is refused within seconds and everybody has to sign in again. Default
   * false.
   */
  readonly dropOld?: boolean;
}

/**
 * Adds a new key of each kind: for signing tokens, for cookies, for sealing. They take over 10 seconds later,
 * in running servers too; the old ones verify and open until the longest-lived thing that they made has
 * ended, and are then dropped.
 *
 * @returns the new signing key's id, and when it takes over (milliseconds since the epoch).
 * @throws AppError `CONFIGURATION_INVALID` when others may read the key file, or it is damaged; `BUSY` while
 *   another rotation is under way.
 */
export async function rotateKeys(
  dataDir: string,
  clock: Clock,
  { dropOld = false }: RotateOptions = {},
): Promise<{ kid: string; activeAt: number }> {
  await loadKeyFile(dataDir, clock);
  const path = keyFilePath(dataDir);
  const draft = `${path}.new`;
  const now = clock.now();
  const activeAt = dropOld ? now : now + PUBLISHED_AHEAD_MS;
  const added = newKeys(activeAt);
  await claim(draft);
  try {
    // Read under the claim, so that two rotations do not lose each other's keys.
    const current = withoutOutlived(await readKeyFile(path), now);
    const next: KeyFile = dropOld
      ? { version: 1, ...added }
      : {
          version: 1,
          signing: [...added.signing, ...retired(current.signing, activeAt)],
          cookies: [...added.cookies, ...retired(current.cookies, activeAt)],
          sealing: [...added.sealing, ...retired(current.sealing, activeAt)],
        };
    await writeKeyFile(draft, next);
    await rename(draft, path);
  } catch (error) {
    await unlink(draft);
    throw error;
  }
  return { kid: added.signing[0].kid, activeAt };
}

function retired<K extends { retiredAt?: number | undefined }>(keys: readonly K[], at: number): K[] {
  return keys.map((key) => ({ ...key, retiredAt: key.retiredAt ?? at }));
}

/** Takes the only place where a rotation can be prepared. */
async function claim(draft: string): Promise<void> {
  try {
    await (await open(draft, 'wx', 0o600)).close();
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const { mtimeMs } = await stat(draft);
    // File times are the machine's own, whatever clock the service was given.
    if (Date.now() - mtimeMs < ABANDONED_MS) {
      throw new AppError('BUSY', 'Another rotation of the keys is under way.', { retryAfter: 5 });
    }
  }
}
