import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../fixtures/identity-provider.ts';
import {
  MEMBER,
  OWNER,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import {
  leave,
  obtainBrokerTokens,
  personOf,
  providerOptions,
  signInThere,
  signInUpstream,
  startBroker,
} from '../fixtures/broker.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let upstream: IdentityProvider;
let server: RunningAuthorizationServer;

beforeAll(async () => {
  upstream = await startIdentityProvider({
    users: {
      ada: { email: 'Ada@Corp.example', name: 'Ada Upstream', groups: ['readers'] },
      wim: { email: 'wim@corp.example', name: 'Wim Writer', groups: ['readers', 'writers'] },
      nobody: { email: 'nobody@corp.example', name: 'In No Group' },
      unverified: { email: 'unverified@corp.example', emailVerified: false },
      squatter: { email: OWNER.email, groups: ['readers'] },
      mailless: {},
    },
  });
  server = await startBroker(upstream);
});

afterAll(async () => {
  await server.close();
  await upstream.close();
});

describe('signing in at an identity provider', () => {
  it('tells before the redirect who asks, for what and where people go, and goes nowhere without the button', async () => {
    const client = await OAuthClient.register(server.origin, { client_name: 'Orchard' });
    const person = personOf(server, upstream);
    const before = (await upstream.requests()).length;
    const page = await person.here.open(client.authorizationUrl());
    expect(page.status).toBe(200);
    expect(page.html).toContain('Orchard');
    expect(page.html).toContain('127.0.0.1:8976');
    expect(page.html).toContain('read and search the files of the workspace');
    expect(page.html).toContain('Continue with Example Ltd.');
    expect((await upstream.requests()).slice(before).map(({ path }) => path)).not.toContain('/auth');
    expect(person.here.cookies.join()).not.toContain('fairlead-login');
  });

  it('brings the person back to the consent page, and the client to its tokens', async () => {
    const person = personOf(server, upstream);
    const { scope } = await obtainBrokerTokens(server, person);
    expect(scope).toBe('files:read');
    const account = await server.accounts.findByEmail('ada@corp.example');
    expect(account).toMatchObject({
      name: 'Ada Upstream',
      role: 'member',
      groups: ['readers'],
      identity: { provider: 'corp', issuer: upstream.issuer, subject: 'ada' },
      hasPassword: false,
    });
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({
        action: 'login.succeeded',
        subject: account?.id,
        details: { method: 'provider', provider: 'corp' },
      }),
    );
  });

  it('gives the union of what the groups may, and to who is in none of them nothing', async () => {
    const { scope } = await obtainBrokerTokens(server, personOf(server, upstream, 'wim'));
    expect(scope.split(' ').sort()).toEqual(['files:read', 'files:write']);
    const nobody = personOf(server, upstream, 'nobody');
    const client = await OAuthClient.register(server.origin);
    const consent = await signInUpstream(nobody, await nobody.here.open(client.authorizationUrl()));
    expect(consent.html).toContain('which your account may not allow');
    expect(consent.html).not.toContain('value="allow"');
  });

  it('knows a person again by issuer and subject, and follows the address and the name', async () => {
    await upstream.setUser('grace', { email: 'grace@corp.example', name: 'Grace', groups: ['readers'] });
    await obtainBrokerTokens(server, personOf(server, upstream, 'grace'));
    const before = await server.accounts.findByEmail('grace@corp.example');
    await upstream.setUser('grace', { email: 'grace.h@corp.example', name: 'Grace H.' });
    await obtainBrokerTokens(server, personOf(server, upstream, 'grace'));
    const after = await server.accounts.findByEmail('grace.h@corp.example');
    expect(after).toMatchObject({ id: before?.id, name: 'Grace H.' });
    expect(await server.accounts.idOf('grace@corp.example')).toBeUndefined();
  });

  it('makes one account of many first sign-ins at once', async () => {
    await upstream.setUser('twin', { email: 'twin@corp.example', groups: ['readers'] });
    const people = Array.from({ length: 6 }, () => personOf(server, upstream, 'twin'));
    const returns = await Promise.all(
      people.map(async (person) =>
        signInThere(person, await leave(person, await person.here.open('/account'))),
      ),
    );
    const pages = await Promise.all(people.map(({ here }, index) => here.open(returns[index] ?? '')));
    expect(pages.map(({ html }) => html.includes('twin@corp.example'))).toEqual(people.map(() => true));
    const twins = (await server.accounts.list()).filter(({ email }) => email === 'twin@corp.example');
    expect(twins).toHaveLength(1);
  });

  it.each([
    ['squatter', 'email_taken', 'Another account here has your e-mail address'],
    ['unverified', 'email_unverified', 'has not verified your e-mail address'],
    ['mailless', 'email_missing', 'did not tell your e-mail address'],
    ['cancel', 'cancelled', 'You did not sign in there'],
  ])('turns %s away with %s, back on the page where they can try again', async (sub, reason, words) => {
    const person = personOf(server, upstream, sub);
    const client = await OAuthClient.register(server.origin);
    const page = await signInUpstream(person, await person.here.open(client.authorizationUrl()));
    expect(page.status).toBe(403);
    expect(page.html).toContain(words);
    expect(page.html).toContain('Continue with Example Ltd.');
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({
        action: 'login.failed',
        clientId: client.clientId,
        details: expect.objectContaining({ reason, provider: 'corp' }) as unknown,
      }),
    );
    const again = await signInUpstream({ ...personOf(server, upstream), here: person.here }, page);
    expect(again.html).toContain('value="allow"');
  });

  it('refuses whose account here is disabled', async () => {
    await upstream.setUser('dora', { email: 'dora@corp.example', groups: ['readers'] });
    await obtainBrokerTokens(server, personOf(server, upstream, 'dora'));
    const id = (await server.accounts.idOf('dora@corp.example')) ?? '';
    await server.accounts.update(id, { disabledAt: new Date().toISOString() });
    const person = personOf(server, upstream, 'dora');
    const page = await signInUpstream(person, await person.here.open('/account'));
    expect(page.html).toContain('Your account here is disabled.');
  });

  it('signs people in to their own page, without any client', async () => {
    const person = personOf(server, upstream);
    const page = await signInUpstream(person, await person.here.open('/account'));
    expect(page.url.pathname).toBe('/account');
    expect(page.html).toContain('ada@corp.example');
    // Which of the redirects that follow the form are to be allowed, the provider alone knows.
    const signIn = await server.browser().open('/account');
    expect(signIn.headers.get('content-security-policy')).not.toContain('form-action');
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'");
  });

  it('lets the owner in with a password, and nobody else', async () => {
    const signInAs = async (credentials: typeof OWNER) => {
      const browser = server.browser();
      const { forms } = await browser.open('/account');
      const form = forms.find(({ action }) => action.pathname === '/account/sign-in');
      if (form === undefined) throw new Error('There is no form for a password');
      return await browser.submit(form, credentials);
    };
    expect((await signInAs(OWNER)).html).toContain(OWNER.email);
    const refused = await signInAs(MEMBER);
    expect(refused.status).toBe(401);
    expect(refused.html).toContain('does not sign in with a password here');
  });

  it('tells the person and the operator when the provider cannot be reached', async () => {
    const closed = await startIdentityProvider();
    await closed.close();
    const broker = await startBroker(closed);
    const person = personOf(broker, closed);
    const page = await leave(person, await person.here.open('/account'));
    expect(page.status).toBe(503);
    expect(page.html).toContain('cannot be reached');
    expect(broker.telemetry.audits.at(-1)?.details).toMatchObject({ reason: 'provider_unavailable' });
    await broker.close();
  });
});

describe('several identity providers', () => {
  it('each vouch for people of their own, and never for the same account', async () => {
    const other = await startIdentityProvider({
      users: {
        ada: { email: 'ada@other.example', name: 'Another Ada', groups: ['readers'] },
        thief: { email: 'ada@corp.example', groups: ['writers'] },
      },
      groupsIn: 'userinfo',
    });
    const both = await startAuthorizationServer({
      options: {
        mode: 'broker',
        identityProviders: [
          providerOptions(upstream),
          providerOptions(other, { id: 'other', name: 'The other', ownerGroups: ['readers'] }),
        ],
      },
    });
    const first = personOf(both, upstream);
    await signInUpstream(first, await first.here.open('/account'));
    const second = personOf(both, other);
    const page = await signInUpstream(second, await second.here.open('/account'), 'other');
    expect(page.html).toContain('Another Ada');
    const accounts = await both.accounts.list();
    expect(accounts.filter(({ identity }) => identity?.subject === 'ada')).toHaveLength(2);
    expect(accounts.find(({ email }) => email === 'ada@other.example')).toMatchObject({
      role: 'owner',
      groups: ['readers'],
    });
    const thief = personOf(both, other, 'thief');
    const refused = await signInUpstream(thief, await thief.here.open('/account'), 'other');
    expect(refused.html).toContain('Another account here has your e-mail address');
    await both.close();
    await other.close();
  });

  it.each([
    ['allowedGroups', { allowedGroups: ['writers'] }, 'groups'],
    ['allowedEmailDomains', { allowedEmailDomains: ['other.example'] }, 'e-mail domain'],
    ['requiredClaims', { requiredClaims: { tid: 'our-tenant' } }, 'claim tid'],
  ])('let in whom %s allows', async (_name, provider, error) => {
    const broker = await startBroker(upstream, { provider });
    const person = personOf(broker, upstream);
    const page = await signInUpstream(person, await person.here.open('/account'));
    expect(page.html).toContain('may not be used here');
    expect(broker.telemetry.audits.at(-1)).toMatchObject({
      action: 'login.failed',
      details: { reason: 'not_allowed', error },
    });
    expect(await broker.accounts.idOf('ada@corp.example')).toBeUndefined();
    await broker.close();
  });
});
