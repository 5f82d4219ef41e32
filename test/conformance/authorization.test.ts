import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { providerOptions, signInUpstream } from '../fixtures/broker.ts';
import { Browser, type Page } from '../fixtures/browser.ts';
import { type FairleadProcess, freePort, OWNER, startFairlead } from '../fixtures/fairlead-process.ts';
import { startIdentityProvider } from '../fixtures/identity-provider.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { runSuite } from './run-suite.ts';

interface Mode {
  readonly fairlead: FairleadProcess;
  /** From the sign-in page to the one after it. */
  readonly signIn: (browser: Browser, page: Page) => Promise<Page>;
  stop(): Promise<void>;
}

async function embedded(): Promise<Mode> {
  const fairlead = await startFairlead();
  return {
    fairlead,
    signIn: async (browser, page) => {
      const [form] = page.forms;
      if (form === undefined) throw new Error(`No form to sign in at ${page.url.pathname}`);
      return await browser.submit(form, { email: OWNER.email, password: OWNER.password });
    },
    stop: async () => {
      await fairlead.stop();
    },
  };
}

async function broker(): Promise<Mode> {
  const upstream = await startIdentityProvider();
  const folder = await mkdtemp(path.join(tmpdir(), 'fairlead-broker-'));
  const file = path.join(folder, 'fairlead.yaml');
  const auth = { mode: 'broker', identityProviders: [providerOptions(upstream)] };
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ auth }), { mode: 0o600 });
  const fairlead = await startFairlead({ FAIRLEAD_CONFIG: file });
  return {
    fairlead,
    signIn: async (browser, page) => {
      const person = { here: browser, there: new Browser(upstream.issuer), sub: 'ada' };
      return await signInUpstream(person, page);
    },
    stop: async () => {
      await fairlead.stop();
      await upstream.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Signs in and allows, then brings the answer to the client, which is the suite. */
async function allow({ fairlead, signIn }: Mode, authorizationUrl: string): Promise<void> {
  const browser = new Browser(fairlead.origin);
  const consent = await signIn(browser, await browser.open(authorizationUrl));
  const [question] = consent.forms;
  if (question === undefined) throw new Error(`No question at ${consent.url.pathname}`);
  const { url } = await browser.submit(question, {}, 'Allow');
  await fetch(url);
}

describe('the conformance suite', () => {
  it.each([
    ['embedded', embedded],
    ['broker', broker],
  ])('finds the authorization server of mode %s conforming', { timeout: 60_000 }, async (_name, start) => {
    const mode = await start();
    const { fairlead } = mode;
    const port = await freePort();
    const client = await OAuthClient.register(fairlead.origin, {
      redirect_uris: [`http://127.0.0.1:${port}/callback`],
    });
    let printed = '';
    let allowed: Promise<void> | undefined;
    const results = await runSuite(
      [
        'authorization',
        ...['--url', fairlead.origin, '--client-id', client.clientId],
        ...['--resource', fairlead.mcpUrl.href, '--port', String(port)],
      ],
      (text) => {
        printed += text;
        const url = /^(http\S+\/authorize\?\S+)\n/m.exec(printed)?.[1];
        if (url !== undefined) allowed ??= allow(mode, url);
      },
    );
    await allowed;
    await mode.stop();
    expect(results.map(({ scenario }) => scenario).toSorted()).toEqual([
      'authorization-code-grant',
      'authorization-server-metadata-endpoint',
    ]);
    for (const { scenario, passed, failures } of results) {
      expect(failures, scenario).toEqual([]);
      expect(passed, scenario).toBeGreaterThan(0);
    }
  });
});
