import { createHash, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { MAX_ACCESS_TOKEN_TTL, MAX_SEALED_LIFETIME } from '../core/lifetimes.ts';

/** 256 bits in base64url. */
const bits256 = z.string().regex(/^[\w-]{43}$/);

const signingJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: bits256,
  y: bits256,
  d: bits256,
});

/** Milliseconds since the epoch from which the key is used, and for how long after that it still counts. */
const validity = { activeAt: z.number(), retiredAt: z.number().optional() };

const cookieKey = z.object({ secret: bits256, ...validity });
const sealingKey = z.object({
  kid: z.string().min(1),
  secret: bits256,
  ...validity,
});

type SealingKey = z.output<typeof sealingKey>;

const keyFile = z
  .object({
    version: z.literal(1),
    signing: z.array(z.object({ kid: z.string(), jwk: signingJwk, ...validity })).min(1),
    cookies: z.array(cookieKey).min(1),
    /** Files of version 0.1.0 have none. */
    sealing: z.array(sealingKey).min(1).optional(),
  })
  .transform((file) => ({ ...file, sealing: file.sealing ?? file.cookies.map(sealingKeyBeside) }));

/** A key ring: what `keyring.json` holds. */
export type KeyFile = z.output<typeof keyFile>;

const FILE = 'keyring.json';

/** Seconds by which a key outlives the last thing that it vouches for: processes notice its end one by one. */
const MARGIN = 60;
const KEPT_WITH_TOKENS_MS = (MAX_ACCESS_TOKEN_TTL + MARGIN) * 1000;
const KEPT_WITH_SEALED_MS = (MAX_SEALED_LIFETIME + MARGIN) * 1000;

/** Where the keys of a deployment are: a folder that only the service's user may enter. */
export function keyFilePath(dataDir: string): string {
  return join(dataDir, 'keys', FILE);
}

/**
 * Reads the keys; makes them where there are none.
 *
 * @throws AppError `CONFIGURATION_INVALID` when others may read the file, it is damaged, or it cannot be made.
 */
export async function loadKeyFile(dataDir: string, clock: Clock): Promise<KeyFile> {
  const path = keyFilePath(dataDir);
  try {
    if (!(await exists(path))) await createKeyFile(path, newRing(clock.now()));
    return await readKeyFile(path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('CONFIGURATION_INVALID', `The key file ${path} cannot be read or created.`, {
      next: `give the user that runs the service a writable folder ${dirname(path)}, or set FAIRLEAD_DATA_DIR`,
      cause: error,
    });
  }
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

async function createKeyFile(path: string, keys: KeyFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  await writeKeyFile(draft, keys);
  try {
    // Unlike a rename, a link loses against another process that was faster.
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
}

/** @throws AppError `CONFIGURATION_INVALID` as above; the system's error where there is no such file. */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new AppError('CONFIGURATION_INVALID', `Others may read the key file ${FILE}.`, {
      next: `chmod 600 on keys/${FILE} in the data directory, and fairlead keys rotate --drop-old if others had access`,
    });
  }
  return parseRing(await readFile(path, 'utf8'), {
    name: `The key file ${FILE}`,
    next: `restore keys/${FILE} in the data directory from a backup, or remove it to begin with new keys`,
  });
}

/** @throws AppError `CONFIGURATION_INVALID` for anything that is no whole key ring of a known version */
export function parseRing(text: string, about: { readonly name: string; readonly next: string }): KeyFile {
  const fault = ringFault(text);
  // Checked by `ringFault`; parsing adds what files of version 0.1.0 leave to be derived.
  if (fault === undefined) return keyFile.parse(parsedJson(text));
  throw new AppError('CONFIGURATION_INVALID', `${about.name} ${fault}.`, { next: about.next });
}

/** What is wrong with a text as a key ring, as the end of a sentence and without a word of what it holds. */
function ringFault(text: string): string | undefined {
  if (text.trim() === '') return 'is empty';
  const value = parsedJson(text);
  if (typeof value !== 'object' || value === null) return 'is damaged: it is not a JSON object';
  if (!('version' in value) || value.version !== 1) return 'is of another version than 1, the one known here';
  const { data, error } = keyFile.safeParse(value);
  if (data === undefined) return `is damaged at ${error.issues[0]?.path.join('.') ?? 'its top'}`;
  const { signing, cookies, sealing } = data;
  // It would run out of keys while the service runs.
  const lasts = [signing, cookies, sealing].every((keys) =>
    keys.some(({ retiredAt }) => retiredAt === undefined),
  );
  return lasts ? undefined : 'has no key for each purpose that is still in use';
}

/** As it is written and printed. */
export function ringText(keys: KeyFile, indent?: number): string {
  return `${JSON.stringify(keys, undefined, indent)}\n`;
}

export async function writeKeyFile(path: string, keys: KeyFile): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(ringText(keys, 2));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A ring with one key of each kind. */
export function newRing(activeAt: number): KeyFile {
  return { version: 1, ...newKeys(activeAt) };
}

/** One key of each kind. */
export function newKeys(activeAt: number): {
  signing: [KeyFile['signing'][number]];
  cookies: [z.output<typeof cookieKey>];
  sealing: [SealingKey];
} {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = signingJwk.parse(privateKey.export({ format: 'jwk' }));
  return {
    signing: [{ kid: thumbprint(jwk), jwk, activeAt }],
    cookies: [{ secret: randomBytes(32).toString('base64url'), activeAt }],
    sealing: [
      { kid: randomBytes(9).toString('base64url'), secret: randomBytes(32).toString('base64url'), activeAt },
    ],
  };
}

/** The keys without those that have served their time: nothing that they vouch for is left. */
export function withoutOutlived(file: KeyFile, now: number): KeyFile {
  return {
    version: file.version,
    signing: file.signing.filter(isKept(KEPT_WITH_TOKENS_MS, now)),
    cookies: file.cookies.filter(isKept(KEPT_WITH_TOKENS_MS, now)),
    sealing: file.sealing.filter(isKept(KEPT_WITH_SEALED_MS, now)),
  };
}

/** When a key has served its time, in milliseconds since the epoch; undefined while none has replaced it. */
export function endOf(
  purpose: 'signing' | 'cookies' | 'sealing',
  retiredAt: number | undefined,
): number | undefined {
  if (retiredAt === undefined) return undefined;
  return retiredAt + (purpose === 'sealing' ? KEPT_WITH_SEALED_MS : KEPT_WITH_TOKENS_MS);
}

function isKept(keptMs: number, now: number): (key: { retiredAt?: number | undefined }) => boolean {
  return ({ retiredAt }) => retiredAt === undefined || now < retiredAt + keptMs;
}

/**
 * The sealing key that a file of version 0.1.0 implies: derived from each cookie key, so that all processes
 * that start on the folder have the same one without writing to it. The next rotation writes it down.
 */
function sealingKeyBeside({ secret, ...validity }: z.output<typeof cookieKey>): SealingKey {
  const derived = Buffer.from(hkdfSync('sha256', secret, '', 'fairlead sealing key', 32 + 9));
  return {
    kid: derived.subarray(32).toString('base64url'),
    secret: derived.subarray(0, 32).toString('base64url'),
    ...validity,
  };
}

/** RFC 7638 §3. */
function thumbprint({ crv, kty, x, y }: z.output<typeof signingJwk>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Without the parser's error, which quotes the text.
    return undefined;
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
