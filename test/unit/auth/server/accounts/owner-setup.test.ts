import { beforeEach, describe, expect, it } from 'vitest';
import { type Accounts, openAccounts } from '../../../../../src/auth/server/accounts/accounts.ts';
import { OwnerSetup } from '../../../../../src/auth/server/accounts/owner-setup.ts';
import { PasswordHasher } from '../../../../../src/auth/server/sign-in/password.ts';
import { openStore } from '../../../../../src/store/index.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const OWNER = { email: 'olive@example.com', password: 'correct horse battery' };

let accounts: Accounts;
let setup: OwnerSetup;

beforeEach(async () => {
  const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
  accounts = openAccounts({ store, hasher: new PasswordHasher(4) });
  setup = new OwnerSetup({ accounts, store });
});

describe('the first owner', () => {
  it('is made with one of the tokens that are out, and then with none', async () => {
    const [first = '', second = ''] = [await setup.issue(), await setup.issue()];
    expect(await setup.redeem(first, OWNER)).toMatchObject({ email: OWNER.email, role: 'owner' });
    for (const token of [first, second, 'made up']) {
      const other = { ...OWNER, email: 'other@example.com' };
      await expect(setup.redeem(token, other)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await setup.ensure({ ...OWNER, email: 'other@example.com' })).toBeUndefined();
    expect(await setup.issue()).toBeUndefined();
    expect(await accounts.list()).toHaveLength(1);
  });

  it('may be tried for again after what was refused', async () => {
    const token = (await setup.issue()) ?? '';
    await expect(setup.redeem(token, { ...OWNER, password: 'short' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await setup.redeem(token, OWNER);
  });

  it('is one, whether by link or by configuration', async () => {
    const token = (await setup.issue()) ?? '';
    await Promise.allSettled([
      setup.redeem(token, { ...OWNER, email: 'link@example.com' }),
      setup.ensure({ ...OWNER, email: 'configured@example.com' }),
      setup.ensure({ ...OWNER, email: 'replica@example.com' }),
    ]);
    expect(await accounts.list()).toHaveLength(1);
  });
});
