import { beforeEach, describe, expect, it } from 'vitest';
import { identityProvidersOption } from '../../../../../src/auth/options/identity-providers.ts';
import { type Accounts, openAccounts } from '../../../../../src/auth/server/accounts/accounts.ts';
import { IdentityProviders } from '../../../../../src/auth/server/federation/identity-providers.ts';
import { People } from '../../../../../src/auth/server/federation/people.ts';
import { records } from '../../../../../src/auth/server/state/records.ts';
import { systemClock } from '../../../../../src/core/clock.ts';
import type { Store } from '../../../../../src/core/store.ts';
import { openStore } from '../../../../../src/store/index.ts';
import { type RecordedTelemetry, recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const ISSUER = 'https://login.example.com';
const ADA = { sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada', groups: ['a'] };

let store: Store;
let accounts: Accounts;
let people: People;
let telemetry: RecordedTelemetry;

function provider(changes: Record<string, unknown> = {}) {
  const options = identityProvidersOption.parse([
    { id: 'corp', name: 'Corp', issuer: ISSUER, clientId: 'f', clientSecret: 's', ...changes },
  ]);
  const [first] = new IdentityProviders(options, { clock: systemClock }).all;
  if (first === undefined) throw new Error('There is no provider');
  return first;
}

beforeEach(async () => {
  telemetry = recordTelemetry();
  store = await openStore({ url: 'memory' }, { dataDir: '', logger: telemetry.logger });
  accounts = openAccounts({ store });
  people = new People({ accounts, store, telemetry });
});

describe('people of identity providers', () => {
  it('become one account each, however many processes meet them for the first time', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => people.recognise(provider(), ADA)));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(await accounts.list()).toHaveLength(1);
  });

  it('are the same under another id of the provider, and others under another issuer', async () => {
    const first = await people.recognise(provider(), ADA);
    const renamed = await people.recognise(provider({ id: 'renamed' }), ADA);
    expect(renamed).toMatchObject({ id: first.id, identity: { provider: 'renamed' } });
    const elsewhere = provider({ id: 'other', issuer: 'https://login.other.example' });
    await expect(people.recognise(elsewhere, ADA)).rejects.toMatchObject({
      reason: 'email_taken',
      detail: `account ${first.id}`,
    });
  });

  it('keep the address of others free, and free their own when they get another', async () => {
    await people.recognise(provider(), ADA);
    const eve = { ...ADA, sub: 'eve', email: 'eve@example.com' };
    await people.recognise(provider(), eve);
    await expect(people.recognise(provider(), { ...eve, email: ADA.email })).rejects.toMatchObject({
      reason: 'email_taken',
    });
    await people.recognise(provider(), { ...ADA, email: 'ada.l@example.com' });
    const moved = await people.recognise(provider(), { ...eve, email: ADA.email });
    expect(await accounts.idOf(ADA.email)).toBe(moved.id);
    expect(await accounts.idOf('eve@example.com')).toBeUndefined();
    expect(await accounts.list()).toHaveLength(2);
  });

  it('are new again after their account was removed', async () => {
    const first = await people.recognise(provider(), ADA);
    await accounts.remove(ADA.email);
    expect(await store.get(records.accountByIdentity(ISSUER, 'ada'))).toBeUndefined();
    const second = await people.recognise(provider(), ADA);
    expect(second.id).not.toBe(first.id);
    expect(await store.get(records.accountByIdentity(ISSUER, 'ada'))).toBe(second.id);
  });

  it('whose account broke off being made get that one', async () => {
    const half = await accounts.adopt({
      ...{ email: ADA.email, name: 'Ada', role: 'member', groups: [] },
      identity: { provider: 'corp', issuer: ISSUER, subject: 'ada' },
    });
    expect((await people.recognise(provider(), ADA)).id).toBe(half?.id);
  });

  it('have the role that their groups give, where groups give one, and keep theirs where not', async () => {
    const { id } = await people.recognise(provider(), ADA);
    await accounts.update(id, { role: 'owner' });
    expect((await people.recognise(provider(), ADA)).role).toBe('owner');
    const byGroups = provider({ ownerGroups: ['admins'] });
    expect((await people.recognise(byGroups, ADA)).role).toBe('member');
    expect((await people.recognise(byGroups, { ...ADA, groups: ['admins'] })).role).toBe('owner');
  });

  it('are read from the claims that are configured, nested or with dots in their names', async () => {
    const claims = { subject: 'oid', email: 'upn', groups: 'realm_access.roles' };
    const nested = provider({ claims, requireVerifiedEmail: false });
    const told = { oid: '1', upn: 'x@example.com', realm_access: { roles: ['a', 1, 'b'] } };
    const account = await people.recognise(nested, told);
    expect(account).toMatchObject({ groups: ['a', 'b'], name: 'x', identity: { subject: '1' } });
    const dotted = provider({ claims: { groups: 'https://example.com/groups' } });
    const ada = await people.recognise(dotted, { ...ADA, 'https://example.com/groups': 'one' });
    expect(ada.groups).toEqual(['one']);
  });

  it('have no groups where these are too many to be told, which the operator reads', async () => {
    const claims = { ...ADA, groups: undefined, _claim_names: { groups: 'src1' } };
    expect((await people.recognise(provider(), claims)).groups).toEqual([]);
    expect(telemetry.lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        fields: { provider: 'corp' },
        message: expect.stringContaining('too many') as unknown,
      }),
    ]);
    const chosen = provider({ allowedGroups: ['a'] });
    await expect(people.recognise(chosen, claims)).rejects.toMatchObject({
      reason: 'not_allowed',
      detail: expect.stringContaining('too many') as unknown,
    });
  });

  it('are renewed with their own claims alone', async () => {
    const ada = await people.recognise(provider(), ADA);
    const renewed = await people.renew(ada, provider(), { ...ADA, groups: ['b'] });
    expect(renewed.groups).toEqual(['b']);
    await expect(people.renew(ada, provider(), { ...ADA, sub: 'eve' })).rejects.toMatchObject({
      reason: 'invalid_answer',
    });
  });
});
