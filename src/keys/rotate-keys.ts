import { open, rename, stat, unlink } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import {
  hasCode,
  type KeyFile,
  keyFilePath,
  loadKeyFile,
  newKeys,
  newRing,
  readKeyFile,
  ringText,
  withoutOutlived,
  writeKeyFile,
} from './key-file.ts';
import { type KeyPlace, type KeySource, keySource } from './key-source.ts';

/**
 * Seconds for which a new key is published before it is used, so that no process meets a token or a sealed
 * value whose key it does not know: our own file is read every two seconds, a mounted secret arrives within
 * minutes, and a changed environment takes restarts.
 */
const PUBLISHED_AHEAD: Readonly<Record<KeySource['kind'], number>> = {
  own: 10,
  file: 300,
  environment: 3600,
};

/** A rotation that is this old has died. */
const ABANDONED_MS = 60_000;

interface RotateOptions {
  /**
   * For keys that may be in other hands: the new ones take over now and the old ones are dropped, so that
   * whatever they signed or sealed is refused within seconds and everybody has to sign in again. Default
   * false.
   */
  readonly dropOld?: boolean;
  /** Seconds until the new keys take over. Default 10; 300 for a file and 3600 for a ring that others keep. */
  readonly lead?: number;
}

/** What a rotation has come to. */
export interface Rotation {
  /** The new signing key's id. */
  readonly kid: string;
  /** When it takes over, in milliseconds since the epoch. */
  readonly activeAt: number;
  /** The new ring as JSON, where it is not ours to put where the old one is. Secret. */
  readonly ring: string | undefined;
}

/** A ring with a new key of each kind, as JSON for whatever keeps secrets. */
export function newKeyRing(clock: Clock): string {
  return ringText(newRing(clock.now()));
}

/**
 * Adds a new key of each kind: for signing tokens, for cookies, for sealing. They take over a while later, in
 * running servers too; the old ones verify and open until the longest-lived thing that they made has ended,
 * and are then dropped. A ring that something else keeps is answered, not written.
 *
 * @throws AppError `CONFIGURATION_INVALID` when others may read the key file, or the ring is damaged; `BUSY`
 *   while another rotation is under way.
 */
export async function rotateKeys(
  place: KeyPlace,
  clock: Clock,
  options: RotateOptions = {},
): Promise<Rotation> {
  const source = keySource(place, clock);
  const { dropOld = false, lead = PUBLISHED_AHEAD[source.kind] } = options;
  const now = clock.now();
  const activeAt = dropOld ? now : now + lead * 1000;
  const added = newKeys(activeAt);
  const turn = (current: KeyFile): KeyFile =>
    dropOld ? { version: 1, ...added } : merged(withoutOutlived(current, now), added, activeAt);
  const { kid } = added.signing[0];
  if (source.kind !== 'own') return { kid, activeAt, ring: ringText(turn(await source.read())) };
  await loadKeyFile(place.dataDir, clock);
  await replaceOwn(keyFilePath(place.dataDir), turn);
  return { kid, activeAt, ring: undefined };
}

async function replaceOwn(path: string, turn: (current: KeyFile) => KeyFile): Promise<void> {
  const draft = `${path}.new`;
  await claim(draft);
  try {
    // Read under the claim, so that two rotations do not lose each other's keys.
    await writeKeyFile(draft, turn(await readKeyFile(path)));
    await rename(draft, path);
  } catch (error) {
    await unlink(draft);
    throw error;
  }
}

function merged(current: KeyFile, added: ReturnType<typeof newKeys>, activeAt: number): KeyFile {
  return {
    version: 1,
    signing: [...added.signing, ...retired(current.signing, activeAt)],
    cookies: [...added.cookies, ...retired(current.cookies, activeAt)],
    sealing: [...added.sealing, ...retired(current.sealing, activeAt)],
  };
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
