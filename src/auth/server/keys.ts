import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { MAX_ACCESS_TOKEN_TTL } from '../options.ts';

const signingJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});

/** Milliseconds since the epoch from which the key is used, and for how long after that it still counts. */
const validity = { activeAt: z.number(), retiredAt: z.number().optional() };

const keyFile = z.object({
  version: z.literal(1),
  signing: z.array(z.object({ kid: z.string(), jwk: signingJwk, ...validity })).min(1),
  cookies: z.array(z.object({ secret: z.string(), ...validity })).min(1),
});

/** What `keyring.json` holds. */
export type KeyFile = z.output<typeof keyFile>;

const FILE = 'keyring.json';

/**
 * How long a new key is published before it signs. Every process reads the file more often than that, so
 * none meets a token whose key it does not know.
 */
const PUBLISHED_AHEAD_MS = 10_000;

/** How long a retired key still verifies: no token that it signed lives longer. */
const KEPT_MS = (MAX_ACCESS_TOKEN_TTL + 60) * 1000;

/** A rotation that is this old has died. */
const ABANDONED_MS = 60_000;

/** Where the keys of a deployment are: a folder that only the service's user may enter. */
export function keyFilePath(dataDir: string): string {
  return join(dataDir, 'keys', FILE);
}

/**
 * Reads the keys; makes them where there are none.
 *
 * @throws AppError `CONFIGURATION_INVALID` when others may read the file, or it is damaged.
 */
export async function loadKeyFile(dataDir: string, clock: Clock): Promise<KeyFile> {
  const path = keyFilePath(dataDir);
  try {
    return await readKeyFile(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await mkdir(join(dataDir, 'keys'), { recursive: true, mode: 0o700 });
  const now = clock.now();
  const created: KeyFile = { version: 1, signing: [newSigningKey(now)], cookies: [newCookieKey(now)] };
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  await writeWhole(draft, created);
  try {
    // Unlike a rename, a link loses against another process that was faster.
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  return await readKeyFile(path);
}

interface RotateOptions {
  /**
   * For keys that may be in other hands: the new ones take over now and the old ones are dropped, so that
   * whatever they signed is refused within seconds and everybody has to sign in again. Default false.
   */
  readonly dropOld?: boolean;
}

/**
 * Adds a new signing key and a new cookie key. They take over 10 seconds later, in running servers too;
 * the old ones verify until the longest-lived token that they signed has ended, and are then dropped.
 *
 * @returns the new signing key's id, and when it takes over (milliseconds since the epoch).
 * @throws AppError `CONFIGURATION_INVALID` as above, `BUSY` while another rotation is under way.
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
  const signing = newSigningKey(activeAt);
  await claim(draft);
  try {
    // Read under the claim, so that two rotations do not lose each other's key.
    const current = await readKeyFile(path);
    const next: KeyFile = {
      version: 1,
      signing: [signing, ...(dropOld ? [] : retire(current.signing, activeAt, now))],
      cookies: [newCookieKey(activeAt), ...(dropOld ? [] : retire(current.cookies, activeAt, now))],
    };
    await writeWhole(draft, next);
    await rename(draft, path);
  } catch (error) {
    await unlink(draft);
    throw error;
  }
  return { kid: signing.kid, activeAt };
}

/** Whether the key still counts. */
export function isKept(key: { retiredAt?: number | undefined }, now: number): boolean {
  return key.retiredAt === undefined || now < key.retiredAt + KEPT_MS;
}

function retire<K extends { retiredAt?: number | undefined }>(keys: K[], at: number, now: number): K[] {
  return keys.filter((key) => isKept(key, now)).map((key) => ({ ...key, retiredAt: key.retiredAt ?? at }));
}

export async function readKeyFile(path: string): Promise<KeyFile> {
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new AppError('CONFIGURATION_INVALID', `Others may read the key file ${FILE}.`, {
      next: `chmod 600 on keys/${FILE} in the data directory, and fairlead keys rotate --drop-old if others had access`,
    });
  }
  const parsed = keyFile.safeParse(parsedJson(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new AppError('CONFIGURATION_INVALID', `The key file ${FILE} is damaged.`, {
    next: `restore keys/${FILE} in the data directory from a backup, or remove it to begin with new keys`,
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Without the parser's error, which quotes the text.
    return undefined;
  }
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

async function writeWhole(path: string, keys: KeyFile): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(keys, undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

function newSigningKey(activeAt: number): KeyFile['signing'][number] {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = signingJwk.parse(privateKey.export({ format: 'jwk' }));
  return { kid: thumbprint(jwk), jwk, activeAt };
}

/** RFC 7638 §3. */
function thumbprint({ crv, kty, x, y }: z.output<typeof signingJwk>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

function newCookieKey(activeAt: number): KeyFile['cookies'][number] {
  return { secret: randomBytes(32).toString('base64url'), activeAt };
}

function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
