import type * as Crypto from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  MEMBER,
  OWNER,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { Browser, type Page } from '../fixtures/browser.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { meetingReads } from '../fixtures/racing-store.ts';

const HASH_BYTES = 32;
/** Passwords that were hashed, and hashes that were compared in constant time. */
const derived = vi.hoisted(() => ({ count: 0, compared: 0 }));
vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof Crypto>();
  const scrypt = ((...args: Parameters<typeof crypto.scrypt>) => {
    derived.count += 1;
    crypto.scrypt(...args);
  }) as typeof crypto.scrypt;
  const timingSafeEqual: typeof crypto.timingSafeEqual = (one, other) => {
    if (one.byteLength === HASH_BYTES) derived.compared += 1;
    return crypto.timingSafeEqual(one, other);
  };
  return { ...crypto, scrypt, timingSafeEqual };
});

const FREE = 5;
let server: RunningAuthorizationServer;
let clock: ManualClock;
afterEach(() => server.close());

async function start(
  login: Record<string, number> = {},
): Promise<(email: string, password: string) => Promise<Page>> {
  clock = new ManualClock(Date.now());
  server = await startAuthorizationServer({
    clock,
    options: {
      login: {
        freeAttempts: FREE,
        freeAttemptsPerAddress: 1000,
        baseDelaySeconds: 2,
        maxDelaySeconds: 60,
        ...login,
      },
    },
  });
  const client = await OAuthClient.register(server.origin);
  return async (email, password) => {
    const browser = server.browser();
    const [form] = (await browser.open(client.authorizationUrl())).forms;
    if (form === undefined) throw new Error('No login form');
    return browser.submit(form, { email, password });
  };
}

describe('guesses at one account', () => {
  it('cost longer and longer after the free ones, and then even the right password has to wait', async () => {
    const attempt = await start();
    for (let i = 0; i < FREE; i++) expect((await attempt(OWNER.email, `guess ${i}`)).status).toBe(401);
    for (const delay of [2, 4, 8, 16, 32, 60, 60]) {
      const refused = await attempt(OWNER.email, OWNER.password);
      expect(refused.status).toBe(429);
      expect(refused.headers.get('retry-after')).toBe(String(delay));
      clock.advance(delay * 1000);
      expect((await attempt(OWNER.email, 'another guess')).status).toBe(401);
    }
    clock.advance(60_000);
    const { status, html } = await attempt(OWNER.email, OWNER.password);
    expect([status, html.includes('type="password"')]).toEqual([200, false]);
  });

  it('are counted together, however the address is spelled', async () => {
    const attempt = await start();
    const spellings = [
      'Owner@Example.com',
      ' owner@example.com ',
      'ＯＷＮＥＲ@example.com',
      'owner@EXAMPLE.com',
      OWNER.email,
    ];
    for (const email of spellings) expect((await attempt(email, 'guess')).status).toBe(401);
    for (const email of spellings) expect((await attempt(email, 'guess')).status).toBe(429);
  });

  it('gain nothing by coming all at once', async () => {
    const attempt = await start();
    derived.count = 0;
    const pages = await Promise.all(Array.from({ length: 30 }, (_, i) => attempt(OWNER.email, `guess ${i}`)));
    expect(pages.filter(({ status }) => status === 401)).toHaveLength(FREE);
    expect(pages.filter(({ status }) => status === 429)).toHaveLength(30 - FREE);
    expect(derived.count).toBe(FREE);
  });

  it.each([
    ['account', { freeAttempts: 1, freeAttemptsPerAddress: 1000 }],
    ['address', { freeAttempts: 20, freeAttemptsPerAddress: 1 }],
  ])('gain nothing by meeting at the same moment on two replicas, by %s', async (kind, login) => {
    await start();
    const like = { ...server, store: meetingReads(server.store, `auth:failures-${kind}:`) };
    const replica = await startAuthorizationServer({
      clock,
      like,
      publicUrl: server.origin,
      options: { login },
    });
    const pages = await Promise.all(
      [0, 1].map(async () => {
        const browser = new Browser(replica.origin);
        const [form] = (await browser.open('/account')).forms;
        if (form === undefined) throw new Error('No login form');
        return browser.submit(form, { email: OWNER.email, password: 'guess' });
      }),
    );
    expect(pages.map(({ status }) => status).sort()).toEqual([401, 429]);
    await replica.close();
  });

  it('do not keep other people out', async () => {
    const attempt = await start();
    for (let i = 0; i < FREE + 1; i++) await attempt(OWNER.email, 'guess');
    expect((await attempt(MEMBER.email, MEMBER.password)).status).toBe(200);
  });

  it('are forgotten when the person signs in', async () => {
    const attempt = await start();
    for (let i = 0; i < FREE - 1; i++) await attempt(OWNER.email, 'guess');
    expect((await attempt(OWNER.email, OWNER.password)).status).toBe(200);
    for (let i = 0; i < FREE; i++) expect((await attempt(OWNER.email, 'guess')).status).toBe(401);
  });
});

describe('guesses from one address', () => {
  it('cost longer and longer, whichever accounts they are at', async () => {
    const attempt = await start({ freeAttemptsPerAddress: 8 });
    for (let i = 0; i < 8; i++)
      expect((await attempt(`person-${i}@example.com`, 'Password1')).status).toBe(401);
    expect((await attempt('person-9@example.com', 'Password1')).status).toBe(429);
    expect((await attempt(OWNER.email, OWNER.password)).status).toBe(429);
  });

  it('are not forgotten when the guesser signs in to an account of their own', async () => {
    const attempt = await start({ freeAttemptsPerAddress: 8 });
    for (let i = 0; i < 7; i++) await attempt(`person-${i}@example.com`, 'Password1');
    expect((await attempt(MEMBER.email, MEMBER.password)).status).toBe(200);
    expect((await attempt('person-8@example.com', 'Password1')).status).toBe(429);
  });
});

describe('an unknown account', () => {
  it('answers in the same words and for the same work as a wrong password', async () => {
    const attempt = await start();
    const answers: { status: number; text: string; derivations: number; comparisons: number }[] = [];
    for (const email of [OWNER.email, 'nobody@example.com', 'no address']) {
      Object.assign(derived, { count: 0, compared: 0 });
      const { status, html } = await attempt(email, 'a wrong password');
      const [, text = ''] = /role="alert"[^>]*>([\s\S]*?)<\/div>/.exec(html) ?? [];
      answers.push({ status, text, derivations: derived.count, comparisons: derived.compared });
    }
    expect(answers[0]?.text).not.toBe('');
    expect(answers[0]).toMatchObject({ derivations: 1, comparisons: 1 });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });
});

describe('the audit log', () => {
  it('has every refused sign-in, and nothing of what was typed', async () => {
    const attempt = await start();
    for (let i = 0; i < FREE + 1; i++) await attempt(OWNER.email, 'typed-password');
    await attempt('typed-password@example.com', 'x');
    const failures = server.telemetry.audits.filter(({ action }) => action === 'login.failed');
    expect(failures).toHaveLength(FREE + 2);
    expect(failures.every(({ address }) => address === '127.0.0.1')).toBe(true);
    expect(JSON.stringify([server.telemetry.audits, server.log])).not.toContain('typed-password');
  });
});
