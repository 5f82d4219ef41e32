import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt, type CompactJWEHeaderParameters } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_SEALED_LIFETIME } from '../../../src/core/lifetimes.ts';
import { JweSealer, type SealingKey } from '../../../src/keys/jwe-sealer.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';

const newKey = (kid: string): SealingKey => ({ kid, secret: randomBytes(32).toString('base64url') });

const key = newKey('one');
const secret = Buffer.from(key.secret, 'base64url');
const value = { subject: 'alice', nested: { list: [1, 'ü', null] } };
let clock: ManualClock;
let sealer: JweSealer;

beforeEach(() => {
  clock = new ManualClock();
  sealer = sealerWith([key]);
});

function sealerWith(keys: readonly SealingKey[]): JweSealer {
  return new JweSealer(() => keys, clock);
}

/** Texts that a lenient decoder takes for the same base64url. */
function otherSpellings(text: string): string[] {
  const bytes = Buffer.from(text, 'base64url');
  return Array.from({ length: 128 }, (_, code) => text.slice(0, -1) + String.fromCharCode(code))
    .concat(`${text}=`)
    .filter((other) => other !== text && Buffer.from(other, 'base64url').equals(bytes));
}

describe('a sealed value', () => {
  it('comes back as it was', async () => {
    expect(await sealer.open('test', await sealer.seal('test', value, 60))).toEqual(value);
  });

  it('is compact JSON Web Encryption in visible ASCII, which any implementation reads', async () => {
    const sealed = await sealer.seal('test', value, 60);
    expect(sealed).toMatch(/^[A-Za-z0-9_.-]+$/);
    const { protectedHeader, plaintext } = await compactDecrypt(sealed, secret);
    expect(protectedHeader).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 'one' });
    expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual({
      aud: 'test',
      exp: clock.now() / 1000 + 60,
      value,
    });
  });

  it('shows nothing of what it holds, and is another one each time', async () => {
    const sealed = await sealer.seal('secret-purpose', value, 60);
    const decoded = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    for (const text of [sealed, ...decoded]) {
      expect(text).not.toContain('alice');
      expect(text).not.toContain('secret-purpose');
    }
    expect(await sealer.seal('secret-purpose', value, 60)).not.toBe(sealed);
  });

  it('opens for its purpose only', async () => {
    const sealed = await sealer.seal('session', value, 60);
    for (const other of ['', 'Session', 'session ', 'request-state']) {
      expect(await sealer.open(other, sealed)).toBeUndefined();
    }
  });

  it('opens to the last moment of its lifetime', async () => {
    const sealed = await sealer.seal('test', value, 60);
    clock.advance(59_999);
    expect(await sealer.open('test', sealed)).toEqual(value);
    clock.advance(1);
    expect(await sealer.open('test', sealed)).toBeUndefined();
  });

  it.each([0, -1, MAX_SEALED_LIFETIME + 1, Infinity, NaN])('cannot be given %d seconds', async (lifetime) => {
    await expect(sealer.seal('test', value, lifetime)).rejects.toBeInstanceOf(RangeError);
  });

  it('opens with the key that sealed it, whichever seals now', async () => {
    const next = newKey('two');
    const sealed = await sealer.seal('test', value, 60);
    expect(await sealerWith([next, key]).open('test', sealed)).toEqual(value);
    expect(await sealerWith([next]).open('test', sealed)).toBeUndefined();
    expect(await sealerWith([newKey('one')]).open('test', sealed)).toBeUndefined();
    expect(await sealer.open('test', await sealerWith([next, key]).seal('test', value, 60))).toBeUndefined();
  });

  it('is taken at any length that can be given out, and no longer one is given out', async () => {
    const long = { text: 'x'.repeat(190_000) };
    expect(await sealer.open('test', await sealer.seal('test', long, 60))).toEqual(long);
    await expect(sealer.seal('test', { text: 'x'.repeat(200_000) }, 60)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });
});

describe('nothing else opens', () => {
  it('a value with any one character changed, added or taken away', async () => {
    const sealed = await sealer.seal('test', value, 60);
    const alphabet = ['A', 'B', 'a', 'b', '0', '1', '-', '_', '.', '=', '+', '/', ' ', '\n', '\u0000', 'é'];
    const change = fc.record({
      at: fc.nat(sealed.length - 1),
      to: fc.constantFrom(...alphabet),
      how: fc.constantFrom('replace', 'insert', 'remove'),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, to, how }) => {
        const rest = sealed.slice(how === 'insert' ? at : at + 1);
        const changed = sealed.slice(0, at) + (how === 'remove' ? '' : to) + rest;
        fc.pre(changed !== sealed);
        expect(await sealer.open('test', changed)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['', 'a', 'ab'])('another spelling of the same bytes (after "%s")', async (text) => {
    const parts = (await sealer.seal('test', { text }, 60)).split('.');
    for (const part of [0, 2, 3, 4]) {
      for (const other of otherSpellings(parts[part] ?? '')) {
        expect(await sealer.open('test', parts.with(part, other).join('.'))).toBeUndefined();
      }
    }
  });

  it.each<[string, CompactJWEHeaderParameters]>([
    ['another key id', { alg: 'dir', enc: 'A256GCM', kid: 'two' }],
    ['no key id', { alg: 'dir', enc: 'A256GCM' }],
    ['a larger header', { alg: 'dir', enc: 'A256GCM', kid: 'one', typ: 'JWT' }],
    ['compressed content', { alg: 'dir', enc: 'A256GCM', kid: 'one', zip: 'DEF' }],
    ['another algorithm', { alg: 'A256GCMKW', enc: 'A256GCM', kid: 'one' }],
  ])('%s, even if it was made with the key', async (_what, header) => {
    const content = JSON.stringify({ aud: 'test', exp: clock.now() / 1000 + 60, value });
    const made = await new CompactEncrypt(new TextEncoder().encode(content))
      .setProtectedHeader(header)
      .encrypt(secret);
    expect(await sealer.open('test', made)).toBeUndefined();
  });

  it('any text that somebody sends', async () => {
    const header = (await sealer.seal('test', value, 60)).split('.')[0] ?? '';
    const base64url = fc.stringMatching(/^[A-Za-z0-9_-]{0,40}$/);
    const torn = fc
      .tuple(base64url, base64url, base64url, base64url)
      .map((rest) => [header, ...rest].join('.'));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), torn), async (text) => {
        expect(await sealer.open('test', text)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('a text that is too long, and it is not decrypted', async () => {
    const header = (await sealer.seal('test', value, 60)).split('.')[0] ?? '';
    const long = `${header}..${'A'.repeat(16)}.${'A'.repeat(4_000_000)}.${'A'.repeat(22)}`;
    expect(await sealer.open('test', long)).toBeUndefined();
  });
});
