import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  answer,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { meetingReads } from '../fixtures/racing-store.ts';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

it('a consent that two processes carry out at the same moment brings one code', async () => {
  const plain = await startAuthorizationServer({ like: server, publicUrl: server.origin });
  const store = meetingReads(server.store, 'auth:Interaction:');
  const racing = await startAuthorizationServer({ like: { ...server, store }, publicUrl: server.origin });
  const client = await OAuthClient.register(server.origin);
  const browser = server.browser();
  const page = await signIn(browser, client.authorizationUrl());
  // Sent to a process at another address, the browser stops where it is sent back to carry the consent out.
  const window = browser.copy(plain.origin);
  const [form] = page.forms;
  if (form === undefined) throw new Error('No form');
  const moved = { ...form, action: new URL(form.action.pathname, plain.origin) };
  const { url } = await answer(window, { ...page, forms: [moved] });
  expect(url.origin).toBe(server.origin);
  const ends = await Promise.all([0, 1].map(() => window.copy(racing.origin).open(url.pathname)));
  const codes = ends.map((end) => end.url.searchParams.get('code')).filter((code) => code !== null);
  expect(codes).toHaveLength(1);
  await racing.close();
  await plain.close();
});

it('a consent form that is sent many times at once allows the client once', async () => {
  const client = await OAuthClient.register(server.origin, { client_name: 'Impatient' });
  const browser = server.browser();
  const page = await signIn(browser, client.authorizationUrl());
  const windows = Array.from({ length: 20 }, () => browser.copy());
  const ends = await Promise.all(windows.map((window) => answer(window, page)));
  const codes = ends.map(({ url }) => url.searchParams.get('code')).filter((code) => code !== null);
  expect(codes).toHaveLength(1);
  const given = server.telemetry.audits.filter(
    ({ action, clientId }) => action === 'consent.given' && clientId === client.clientId,
  );
  expect(given).toHaveLength(1);
});
