import { stat } from 'node:fs/promises';
import path from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { rotateKeys } from '../../src/keys/index.ts';
import {
  answer,
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;

beforeEach(async () => {
  // The server looks at its keys by itself, and dates are what it judges them by.
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  server = await startAuthorizationServer();
});
afterEach(async () => {
  await server.close();
  vi.useRealTimers();
});

async function publishedKids(): Promise<(string | undefined)[]> {
  const response = await fetch(`${server.origin}/jwks`);
  const { keys } = (await response.json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

/** Lets time pass until the server has looked at its keys again and published so many. */
async function waitFor(milliseconds: number, keys: number): Promise<void> {
  vi.setSystemTime(Date.now() + milliseconds);
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(2000);
    expect(await publishedKids()).toHaveLength(keys);
  });
}

describe('a rotation of the keys', () => {
  it('publishes the new key, lets it take over, and drops the old one after its last token', async () => {
    const { client, tokens } = await obtainTokens(server);
    const [old] = await publishedKids();
    const { kid } = await rotateKeys({ dataDir: server.dataDir }, systemClock);
    await waitFor(0, 2);
    expect(await publishedKids()).toEqual([old, kid]);
    // Published, and not signing yet: every replica gets to know it first.
    const early = await client.refresh(tokens.refresh);
    expect(decodeProtectedHeader(early.body.access_token ?? '').kid).toBe(old);

    await waitFor(10_000, 2);
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(2000);
      expect(await publishedKids()).toEqual([kid, old]);
    });
    const late = await client.refresh(early.body.refresh_token ?? '');
    expect(decodeProtectedHeader(late.body.access_token ?? '').kid).toBe(kid);
    expect(await present(server, late.body.access_token ?? '')).toBe(200);
    expect(await present(server, early.body.access_token ?? '')).toBe(200);

    await waitFor(3_700_000, 1);
    expect(await publishedKids()).toEqual([kid]);
    expect(await present(server, early.body.access_token ?? '')).toBe(401);
  });

  it('that drops the old keys refuses at once what they signed', async () => {
    const { tokens } = await obtainTokens(server);
    expect(await present(server, tokens.access)).toBe(200);
    const { kid } = await rotateKeys({ dataDir: server.dataDir }, systemClock, { dropOld: true });
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(2000);
      expect(await publishedKids()).toEqual([kid]);
    });
    expect(await present(server, tokens.access)).toBe(401);
  });

  it('leaves people signed in, and pages that they have open good', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const consent = await signIn(browser, client.authorizationUrl());
    await rotateKeys({ dataDir: server.dataDir }, systemClock);
    await waitFor(10_000, 2);
    await waitFor(2_000, 2);
    const { url } = await answer(browser, consent);
    expect(url.searchParams.has('code')).toBe(true);
    const again = await browser.open(client.authorizationUrl());
    expect(again.html).not.toContain('type="password"');
  });

  it('keeps the key file to the one who runs the server', async () => {
    await rotateKeys({ dataDir: server.dataDir }, systemClock);
    const file = await stat(path.join(server.dataDir, 'keys', 'keyring.json'));
    const folder = await stat(path.join(server.dataDir, 'keys'));
    expect(file.mode & 0o777).toBe(0o600);
    expect(folder.mode & 0o777).toBe(0o700);
  });
});
