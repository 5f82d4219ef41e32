import { describe, expect, it } from 'vitest';
import { PasswordHasher } from '../../../../../src/auth/server/sign-in/password.ts';

const CHEAP = 4;

describe('a password hash', () => {
  it('holds the parameters that OWASP recommends and a salt of its own', async () => {
    const hasher = new PasswordHasher();
    const [one, two] = [await hasher.hash('the same password'), await hasher.hash('the same password')];
    expect(one).toMatch(/^scrypt\$17\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
    expect(one).not.toBe(two);
    expect(await hasher.verify('the same password', one)).toBe(true);
  });

  it('fits its own password only, in whichever Unicode form it is typed', async () => {
    const hasher = new PasswordHasher(CHEAP);
    const stored = await hasher.hash('caf\u00e9 am Hafen');
    expect(await hasher.verify('cafe\u0301 am Hafen', stored)).toBe(true);
    expect(await hasher.verify('cafe am Hafen', stored)).toBe(false);
    expect(await hasher.verify('', stored)).toBe(false);
  });

  it('is verified with its own parameters, and outdated when new ones have others', async () => {
    const stored = await new PasswordHasher(CHEAP).hash('a password');
    const stronger = new PasswordHasher(CHEAP + 1);
    expect(await stronger.verify('a password', stored)).toBe(true);
    expect(stronger.isOutdated(stored)).toBe(true);
    expect(stronger.isOutdated(await stronger.hash('a password'))).toBe(false);
  });
});

describe('verifying', () => {
  // Without a stored hash too: an account that does not exist costs the same work.
  it.each(['with a stored hash', 'without one'])(
    '%s is refused when too many wait already, and goes on when they are through',
    async (kind) => {
      const hasher = new PasswordHasher(12);
      const stored = kind === 'without one' ? undefined : await hasher.hash('a password');
      const flood = await Promise.allSettled(
        Array.from({ length: 40 }, () => hasher.verify('a password', stored)),
      );
      const answers = flood.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
      const refusals = flood.filter((one) => one.status === 'rejected');
      expect(answers).toEqual(Array<boolean>(18).fill(stored !== undefined));
      expect(refusals).toHaveLength(22);
      expect(refusals[0]?.reason).toMatchObject({ code: 'UNAVAILABLE', retryAfter: 5 });
      expect(await hasher.verify('a password', stored)).toBe(stored !== undefined);
    },
  );
});
