import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rotateKeys } from '../../../src/keys/index.ts';
import { type KeyFile, keyFilePath, loadKeyFile } from '../../../src/keys/key-file.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';

let dataDir: string;
let clock: ManualClock;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'fairlead-keys-'));
  clock = new ManualClock();
});
afterEach(() => rm(dataDir, { recursive: true }));

async function content(): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(keyFilePath(dataDir), 'utf8')) as Record<string, unknown>;
}

function write(file: object): Promise<void> {
  return writeFile(keyFilePath(dataDir), JSON.stringify(file));
}

describe('the key file', () => {
  it('is made once, for its owner alone', async () => {
    const first = await loadKeyFile(dataDir, clock);
    expect(await loadKeyFile(dataDir, clock)).toEqual(first);
    expect((await stat(keyFilePath(dataDir))).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(keyFilePath(dataDir)))).mode & 0o777).toBe(0o700);
  });

  it('is the same for processes that start at once', async () => {
    const files = await Promise.all(Array.from({ length: 8 }, () => loadKeyFile(dataDir, clock)));
    for (const file of files) expect(file).toEqual(files[0]);
  });

  it('holds sealing keys of 256 bits', async () => {
    const { sealing } = await loadKeyFile(dataDir, clock);
    expect(sealing.map(({ secret }) => Buffer.from(secret, 'base64url').length)).toEqual([32]);
    expect((await content())['sealing']).toEqual(sealing);
  });

  it.each([0o640, 0o604, 0o660, 0o644])('is refused with mode %o', async (mode) => {
    await loadKeyFile(dataDir, clock);
    await chmod(keyFilePath(dataDir), mode);
    await expect(loadKeyFile(dataDir, clock)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
    await expect(rotateKeys({ dataDir }, clock)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });

  it('is refused when it is damaged, without a word of what it holds', async () => {
    await loadKeyFile(dataDir, clock);
    const text = await readFile(keyFilePath(dataDir), 'utf8');
    await writeFile(keyFilePath(dataDir), text.slice(0, -20));
    const failure: unknown = await loadKeyFile(dataDir, clock).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CONFIGURATION_INVALID' });
    expect((failure as Error).cause).toBeUndefined();
  });

  it.each(['', 'short', 'x'.repeat(42), `${'x'.repeat(42)}=`, 'x'.repeat(44)])(
    'is refused with "%s" for a sealing secret',
    async (secret) => {
      const { sealing, ...rest } = await loadKeyFile(dataDir, clock);
      await write({ ...rest, sealing: sealing.map((key) => ({ ...key, secret })) });
      await expect(loadKeyFile(dataDir, clock)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
    },
  );

  it('that cannot be made is told with what to do', async () => {
    const file = path.join(dataDir, 'occupied');
    await writeFile(file, '');
    await expect(loadKeyFile(file, clock)).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      next: expect.stringContaining('FAIRLEAD_DATA_DIR') as string,
    });
  });
});

describe('a key file of version 0.1.0, which has no sealing keys', () => {
  let old: Omit<KeyFile, 'sealing'>;

  beforeEach(async () => {
    const { version, signing, cookies } = await loadKeyFile(dataDir, clock);
    old = { version, signing, cookies };
    await write(old);
  });

  it('has the same one for all processes that start at once, and is not written to', async () => {
    const files = await Promise.all(Array.from({ length: 8 }, () => loadKeyFile(dataDir, clock)));
    const [first] = files;
    for (const file of files) expect(file).toEqual(first);
    expect(first?.sealing).toHaveLength(1);
    expect(await content()).toEqual(old);
  });

  it('keeps its other keys, and tells nothing of them by the sealing key', async () => {
    const { sealing, ...rest } = await loadKeyFile(dataDir, clock);
    expect(rest).toEqual(old);
    expect(Buffer.from(sealing[0]?.secret ?? '', 'base64url')).toHaveLength(32);
    for (const { secret } of old.cookies) expect(JSON.stringify(sealing)).not.toContain(secret);
  });

  it('has its sealing key written down, retired, by the next rotation', async () => {
    const { sealing } = await loadKeyFile(dataDir, clock);
    const { activeAt } = await rotateKeys({ dataDir }, clock);
    const rotated = await loadKeyFile(dataDir, clock);
    expect(rotated.sealing.slice(1)).toEqual(sealing.map((key) => ({ ...key, retiredAt: activeAt })));
    expect((await content())['sealing']).toEqual(rotated.sealing);
  });
});
