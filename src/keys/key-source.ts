import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { hasCode, type KeyFile, keyFilePath, loadKeyFile, parseRing } from './key-file.ts';

/** Where a key ring comes from. */
export interface KeySource {
  /** Who keeps the ring: this service, or whoever fills the file or the environment. */
  readonly kind: 'own' | 'file' | 'environment';
  /** @throws AppError `CONFIGURATION_INVALID` */
  read(): Promise<KeyFile>;
  /** Another text whenever there is something new to read. */
  stamp(): Promise<string>;
}

export interface KeyPlace {
  readonly dataDir: string;
  /** The ring itself, as JSON. */
  readonly ring?: string | undefined;
  /** Path of a file that something else keeps. */
  readonly file?: string | undefined;
}

/** Below here container platforms mount secrets, private to the container, with modes nobody can choose. */
const PLATFORM_SECRETS = '/run/secrets/';

/**
 * The source of the keys as configured.
 *
 * @throws AppError `CONFIGURATION_INVALID` where two are
 */
export function keySource({ dataDir, ring, file }: KeyPlace, clock: Clock): KeySource {
  if (ring !== undefined && file !== undefined) {
    throw new AppError('CONFIGURATION_INVALID', 'The keys can come from one place only.', {
      next: 'set either FAIRLEAD_KEYS or FAIRLEAD_KEYS_FILE',
    });
  }
  if (ring !== undefined) return fromEnvironment(ring);
  return file === undefined ? ownFile(dataDir, clock) : mountedFile(resolve(file));
}

function fromEnvironment(ring: string): KeySource {
  const about = {
    name: 'The key ring in FAIRLEAD_KEYS',
    next: 'set it to what fairlead keys new prints, or to a ring that is whole',
  };
  return {
    kind: 'environment',
    // An environment does not change while the process runs.
    stamp: () => Promise.resolve(''),
    // eslint-disable-next-line @typescript-eslint/require-await -- so that it rejects where others reject
    read: async () => parseRing(ring, about),
  };
}

/** The file in the data folder, made where there is none. */
function ownFile(dataDir: string, clock: Clock): KeySource {
  return {
    kind: 'own',
    stamp: () => stampOf(keyFilePath(dataDir)),
    read: () => loadKeyFile(dataDir, clock),
  };
}

/** A file that is only read. Its path may lead through links that are turned over, as Kubernetes does. */
function mountedFile(path: string): KeySource {
  return {
    kind: 'file',
    stamp: () => explained(path, () => stampOf(path)),
    read: () => explained(path, () => readMounted(path)),
  };
}

async function readMounted(path: string): Promise<KeyFile> {
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && isOpenToOthers(path, mode)) {
    throw new AppError('CONFIGURATION_INVALID', `Others may read or change the key file ${path}.`, {
      next: 'mount it with mode 0440 or less, and with new keys if others had access',
    });
  }
  return parseRing(await readFile(path, 'utf8'), {
    name: `The key file ${path}`,
    next: 'put a whole key ring there; fairlead keys new prints one',
  });
}

/** Others may do nothing; the group may read, since a platform gives a mounted secret to a group. */
export function isOpenToOthers(path: string, mode: number): boolean {
  return (mode & 0o027) !== 0 && !resolve(path).startsWith(PLATFORM_SECRETS);
}

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const missing = hasCode(error, 'ENOENT') ? 'is not there' : 'cannot be read';
    throw new AppError('CONFIGURATION_INVALID', `The key file ${path} ${missing}.`, {
      next: 'make FAIRLEAD_KEYS_FILE name a file that this user may read, or unset it to have keys made',
      cause: error,
    });
  }
}

async function stampOf(path: string): Promise<string> {
  const { mtimeMs, ino, size } = await stat(path);
  return [mtimeMs, ino, size].join(' ');
}
