import { beforeEach, describe, expect, it } from 'vitest';
import { type Accounts, openAccounts } from '../../../../../src/auth/server/accounts/accounts.ts';
import { PasswordHasher } from '../../../../../src/auth/server/sign-in/password.ts';
import { records } from '../../../../../src/auth/server/state/records.ts';
import type { Store } from '../../../../../src/core/store.ts';
import { openStore } from '../../../../../src/store/index.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const PERSON = { email: 'olive@example.com', password: 'correct horse battery', role: 'member' } as const;

let store: Store;
let accounts: Accounts;

function open(log2N = 4): Accounts {
  return openAccounts({ store, hasher: new PasswordHasher(log2N) });
}

beforeEach(async () => {
  store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
  accounts = open();
});

describe('accounts', () => {
  it('never show their password hash', async () => {
    const added = await accounts.add(PERSON);
    const found = await accounts.findByEmail(PERSON.email);
    const entered = await accounts.authenticate(PERSON.email, PERSON.password);
    const [listed] = await accounts.list();
    for (const account of [added, found, entered, listed]) {
      expect(account).toMatchObject({ email: PERSON.email, name: 'olive', role: 'member' });
      expect(JSON.stringify(account)).not.toContain('scrypt');
    }
  });

  it.each(['OLIVE@example.com', ' olive@example.com ', 'ｏlive@example.com'])(
    'have one address, so %j is taken',
    async (email) => {
      await accounts.add(PERSON);
      await expect(accounts.add({ ...PERSON, email })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await accounts.list()).toHaveLength(1);
    },
  );

  it('with the same address at once become one', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => accounts.add(PERSON)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await accounts.list()).toHaveLength(1);
    expect(await accounts.authenticate(PERSON.email, PERSON.password)).toBeDefined();
  });

  it.each([
    { email: 'olive' },
    { email: `${'o'.repeat(250)}@example.com` },
    { password: 'eleven char' },
    { password: 'x'.repeat(257) },
  ])('refuse %j', async (change) => {
    await expect(accounts.add({ ...PERSON, ...change })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await accounts.isEmpty()).toBe(true);
  });

  it('get a new hash at sign-in when the parameters have changed', async () => {
    const { id } = await accounts.add(PERSON);
    const before = await store.get(records.account(id));
    expect(await open(5).authenticate(PERSON.email, 'not the password')).toBeUndefined();
    expect(await store.get(records.account(id))).toBe(before);
    expect(await open(5).authenticate(PERSON.email, PERSON.password)).toBeDefined();
    expect(await store.get(records.account(id))).toContain('scrypt$5$');
    expect(await open(5).authenticate(PERSON.email, PERSON.password)).toBeDefined();
  });

  it('take a new password and forget the old one', async () => {
    await accounts.add(PERSON);
    await accounts.setPassword(PERSON.email, 'another good password');
    expect(await accounts.authenticate(PERSON.email, PERSON.password)).toBeUndefined();
    expect(await accounts.authenticate(PERSON.email, 'another good password')).toBeDefined();
    await expect(accounts.setPassword('nobody@example.com', 'another good password')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('are gone after removal, and their address is free', async () => {
    await accounts.add(PERSON);
    await accounts.remove(PERSON.email);
    expect(await accounts.isEmpty()).toBe(true);
    expect(await accounts.authenticate(PERSON.email, PERSON.password)).toBeUndefined();
    await expect(accounts.remove(PERSON.email)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await accounts.add(PERSON);
  });

  it('that were half removed can be removed again or made anew', async () => {
    const { id } = await accounts.add(PERSON);
    await store.take(records.account(id));
    expect(await accounts.isEmpty()).toBe(true);
    await accounts.remove(PERSON.email);
    const next = await accounts.add(PERSON);
    await store.take(records.account(next.id));
    await accounts.add(PERSON);
    expect(await accounts.list()).toHaveLength(1);
  });

  it('take anything for an address when asked whose it is', async () => {
    for (const email of ['', 'x'.repeat(100_000), '\ud800', 'a\0b@example.com']) {
      expect(await accounts.idOf(email)).toBeUndefined();
      expect(await accounts.authenticate(email, 'x'.repeat(100_000))).toBeUndefined();
    }
  });
});
