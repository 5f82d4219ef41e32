import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../fixtures/browser.ts';
import { type FairleadProcess, freePort, OWNER, startFairlead } from '../fixtures/fairlead-process.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { runSuite } from './run-suite.ts';

let fairlead: FairleadProcess;

beforeAll(async () => {
  fairlead = await startFairlead();
});
afterAll(async () => {
  await fairlead.stop();
});

/** Signs in and allows, then brings the answer to the client, which is the suite. */
async function allow(authorizationUrl: string): Promise<void> {
  const browser = new Browser(fairlead.origin);
  const login = await browser.open(authorizationUrl);
  const [form] = login.forms;
  if (form === undefined) throw new Error(`No form to sign in at ${login.url.pathname}`);
  const consent = await browser.submit(form, { email: OWNER.email, password: OWNER.password });
  const [question] = consent.forms;
  if (question === undefined) throw new Error(`No question at ${consent.url.pathname}`);
  const { url } = await browser.submit(question, {}, 'Allow');
  await fetch(url);
}

describe('the conformance suite', () => {
  it('finds the authorization server conforming', { timeout: 60_000 }, async () => {
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
        if (url !== undefined) allowed ??= allow(url);
      },
    );
    await allowed;
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
