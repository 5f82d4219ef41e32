import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, BrowserContext } from 'playwright-core';
import { hasChromium, launchChromium } from '../fixtures/chromium.ts';
import { type FairleadProcess, startFairlead } from '../fixtures/fairlead-process.ts';
import { clientV1, clientV2, type SdkClient } from '../fixtures/sdk-clients.ts';
import { allowInBrowser, type Callback, listenForCallback } from '../fixtures/sign-in.ts';

let fairlead: FairleadProcess;
let browser: Browser;
let callback: Callback;

function textOf(result: Awaited<ReturnType<SdkClient['call']>>): string {
  expect(result.isError, JSON.stringify(result.content)).not.toBe(true);
  return result.content.map((block) => block.text ?? '').join('\n');
}

/** Sign-in as a person sees it: the client is refused, a browser opens, the client is let in. */
async function signIn(client: SdkClient, person: BrowserContext): Promise<void> {
  await expect(client.connect()).rejects.toThrow(/unauthorized/i);
  const { authorizationUrl } = client.wallet;
  if (authorizationUrl === undefined) throw new Error('The client was not sent to sign in');
  await client.finishAuth(await allowInBrowser(person, authorizationUrl));
  await client.connect();
}

describe.runIf(hasChromium())('the main job, from outside', () => {
  beforeAll(async () => {
    [fairlead, browser, callback] = await Promise.all([
      startFairlead(),
      launchChromium(),
      listenForCallback(),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await callback.close();
    expect(await fairlead.stop()).toBe(0);
  });

  it.each([
    ['current', clientV2, '2026-07-28'],
    ['previous', clientV1, '2025-11-25'],
  ] as const)(
    'a client of the %s SDK signs in, uses every tool, refreshes, and is cut off after revocation',
    { timeout: 60_000 },
    async (_generation, clientOf, revision) => {
      const person = await browser.newContext();
      const client = clientOf({ url: fairlead.mcpUrl, redirectUrl: callback.url });
      await signIn(client, person);
      expect(client.protocolVersion()).toBe(revision);
      expect((await client.toolNames()).toSorted()).toEqual([
        'info',
        'list_files',
        'read_file',
        'search_files',
      ]);

      const info = await client.call('info', {});
      expect(textOf(info)).toContain('files:read');
      const listing = textOf(await client.call('list_files', { path: '/' }));
      expect(listing).toContain('README.md');
      expect(textOf(await client.call('read_file', { path: '/README.md', max_lines: 3 }))).toMatch(
        /\[lines 1-3 of \d+/,
      );
      expect(textOf(await client.call('search_files', { pattern: 'order' }))).toMatch(
        /README\.md|\.csv|\.md/,
      );

      const refusal = await client.call('read_file', { path: '/../../etc/passwd' });
      expect(refusal.isError).toBe(true);
      expect(refusal.content[0]?.text).toMatch(/^OUTSIDE_WORKSPACE: .* Next: /s);

      const { tokens, saved } = client.wallet;
      if (tokens === undefined) throw new Error('The client has no tokens');
      // An access token that has ended looks like this to both sides.
      client.wallet.tokens = { ...tokens, access_token: 'ended' };
      textOf(await client.call('info', {}));
      expect(client.wallet.saved).toBe(saved + 1);
      const current = client.wallet.tokens.access_token;
      expect(current).not.toBe(tokens.access_token);

      const account = await person.newPage();
      await account.goto(`${fairlead.origin}/account`);
      await account
        .getByRole('button', { name: /revoke/i })
        .first()
        .click();
      await expect(client.call('info', {})).rejects.toThrow(/unauthorized/i);
      const probe = await fetch(fairlead.mcpUrl, {
        method: 'POST',
        headers: { authorization: `Bearer ${current}` },
      });
      expect(probe.status).toBe(401);
      await client.close();
      await person.close();
    },
  );

  it('leaves no token, code or password in the log', () => {
    const output = fairlead.output();
    expect(output).toContain('"tool":"read_file"');
    expect(output).not.toMatch(/eyJ[\w-]{20,}|correct horse|[?&]code=/);
  });
});
