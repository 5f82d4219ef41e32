import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  answer,
  OWNER,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import type { Browser, Page } from '../fixtures/browser.ts';
import { Device, DEVICE_GRANT, enterCode } from '../fixtures/device.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient, registration } from '../fixtures/oauth-client.ts';
import { afterSwap } from '../fixtures/racing-store.ts';

const clock = new ManualClock(Date.now());
let server: RunningAuthorizationServer;
let client: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer({ clock, options: { deviceFlow: { enabled: true } } });
  client = await Device.register(server.origin);
});
afterAll(() => server.close());
beforeEach(() => {
  clock.advance(5000);
});

/** From the page that asks whether one has started this, to consent. */
async function confirm(browser: Browser, page: Page): Promise<Page> {
  const [form] = page.forms;
  if (form === undefined) throw new Error(`Nothing to confirm: ${page.html}`);
  const next = await browser.submit(form, {}, 'I started this');
  const [login] = next.forms;
  if (login === undefined || !next.html.includes('type="password"')) return next;
  return await browser.submit(login, OWNER);
}

async function allow(device: Device, browser = server.browser()): Promise<Page> {
  const consent = await confirm(browser, await enterCode(browser, device.codes.user_code));
  return await answer(browser, consent);
}

describe('a device without a browser (RFC 8628)', () => {
  it('gets a code to show, where to enter it, and how often to ask', async () => {
    const { codes } = await Device.begin(client);
    expect(codes.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(codes).toMatchObject({
      verification_uri: `${server.origin}/device`,
      verification_uri_complete: `${server.origin}/device?user_code=${codes.user_code}`,
      expires_in: 600,
      interval: 5,
    });
  });

  it('is told to wait until a person has allowed it, and then gets its tokens once', async () => {
    const device = await Device.begin(client);
    expect((await device.poll()).body.error).toBe('authorization_pending');
    const page = await allow(device);
    expect(page.html).toContain('The device is connected');
    const { status, body } = await device.poll();
    expect(status).toBe(200);
    expect(body).toMatchObject({ scope: 'files:read', token_type: 'Bearer' });
    expect(await present(server, body.access_token ?? '')).toBe(200);
    expect((await client.refresh(body.refresh_token ?? '')).status).toBe(200);
    expect((await device.poll()).body.error).toBe('invalid_grant');
  });

  it('that asks too often is told to slow down', async () => {
    const device = await Device.begin(client);
    const answers = [await device.poll(), await device.poll(), await device.poll()];
    expect(answers.map(({ body }) => body.error)).toEqual([
      'authorization_pending',
      'slow_down',
      'slow_down',
    ]);
    clock.advance(4100);
    expect((await device.poll()).body.error).toBe('authorization_pending');
  });

  it('is told when the person said no, on either page', async () => {
    for (const button of ['Stop', 'Deny']) {
      const device = await Device.begin(client);
      const browser = server.browser();
      const asked = await enterCode(browser, device.codes.user_code);
      const [form] = asked.forms;
      if (form === undefined) throw new Error(asked.html);
      const page =
        button === 'Stop'
          ? await browser.submit(form, {}, button)
          : await answer(browser, await confirm(browser, asked), 'Deny');
      expect(page.html).toContain('The device has no access');
      expect((await device.poll()).body.error).toBe('access_denied');
    }
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({ action: 'device.denied', clientId: client.clientId }),
    );
  });

  it('is told when its code has expired, and so is the person', async () => {
    const device = await Device.begin(client);
    const browser = server.browser();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 });
    try {
      expect((await device.poll()).body.error).toBe('expired_token');
      const page = await enterCode(browser, device.codes.user_code);
      expect([page.status, page.html]).toEqual([400, expect.stringContaining('has expired')]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('gives its tokens to 1 of 20 who redeem the code at the same time', async () => {
    const device = await Device.begin(client);
    await allow(device);
    const answers = await Promise.all(Array.from({ length: 20 }, () => device.poll()));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('gives them to the one use that counts, though another one ends the grant before it is through', async () => {
    const device = await Device.begin(client);
    const redeem = (origin: string): ReturnType<Device['poll']> =>
      new OAuthClient(origin, client.clientId).token({
        grant_type: DEVICE_GRANT,
        device_code: device.codes.device_code,
      });
    await allow(device);
    const store = afterSwap(server.store, 'auth:DeviceCode:', async () => {
      expect((await redeem(server.origin)).body.error).toBe('invalid_grant');
    });
    const other = await startAuthorizationServer({
      like: { ...server, store },
      publicUrl: server.origin,
      options: { deviceFlow: { enabled: true } },
    });
    const { status, body } = await redeem(other.origin);
    expect([status, await present(server, body.access_token ?? '')]).toEqual([200, 401]);
    expect((await client.refresh(body.refresh_token ?? '')).body.error).toBe('invalid_grant');
    await other.close();
  });

  it('may be of a client that also has a browser, or a metadata document', async () => {
    const both = await Device.register(server.origin, {
      grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
      response_types: ['code'],
      redirect_uris: ['http://127.0.0.1:8976/callback'],
    });
    expect((await Device.begin(both)).codes.user_code).not.toBe('');
    const without = await OAuthClient.register(server.origin);
    const refused = await without.post('/device_authorization', { scope: 'files:read' });
    expect(refused.status).toBe(400);
  });
});

describe('the person', () => {
  it('is shown who asks, from where, and the code to compare, before anything else', async () => {
    const device = await Device.begin(client);
    const page = await enterCode(server.browser(), device.codes.user_code.toLowerCase().replace('-', ' '));
    expect(page.html).toContain('Terminal agent');
    expect(page.html).toContain('127.0.0.1');
    expect(page.html).toContain(device.codes.user_code);
    expect(page.html).toContain('If somebody');
  });

  it('finds the code filled in, and nothing more done, at the address that holds it', async () => {
    const device = await Device.begin(client);
    const page = await server.browser().open(device.codes.verification_uri_complete);
    expect(page.status).toBe(200);
    expect(page.html).not.toContain('<script');
    expect(page.forms[0]?.fields.get('user_code')).toBe(device.codes.user_code);
  });

  it('is asked for consent even if the client has it already', async () => {
    const browser = server.browser();
    const device = await Device.begin(client);
    await allow(device, browser);
    const again = await Device.begin(client);
    const page = await confirm(browser, await enterCode(browser, again.codes.user_code));
    expect(page.html).toContain('The device that showed the code gets this access');
  });

  it('is told why a code is of no use', async () => {
    const browser = server.browser();
    const unknown = await enterCode(browser, 'BBBB-BBBB');
    expect([unknown.status, unknown.html]).toEqual([400, expect.stringContaining('is not known here')]);
    const device = await Device.begin(client);
    await allow(device);
    const used = await enterCode(browser, device.codes.user_code);
    expect([used.status, used.html]).toEqual([400, expect.stringContaining('was used already')]);
    const form = used.forms[0];
    if (form === undefined) throw new Error(used.html);
    const empty = await browser.submit(form, { user_code: '' });
    expect([empty.status, empty.html]).toEqual([400, expect.stringContaining('Enter the code that')]);
  });

  it('can only send a form that this server has shown in the same browser', async () => {
    const device = await Device.begin(client);
    const body = new URLSearchParams({ user_code: device.codes.user_code, confirm: 'yes', xsrf: 'guessed' });
    const response = await fetch(`${server.origin}/device`, { method: 'POST', body });
    expect(new URL(response.url).pathname).toBe('/device');
    expect(await response.text()).toContain('name="user_code"');
    const browser = server.browser();
    await browser.open('/device');
    const forged = await browser.submit({
      method: 'POST',
      action: new URL('/device', server.origin),
      fields: new Map(body),
      buttons: [],
    });
    expect(forged.status).toBe(400);
    clock.advance(5000);
    expect((await device.poll()).body.error).toBe('authorization_pending');
  });
});

describe('sign-in of devices', () => {
  it('is not there unless the operator wants it', async () => {
    const closed = await startAuthorizationServer();
    const refused = await registration(closed.origin, { grant_types: [DEVICE_GRANT], response_types: [] });
    expect(await refused.json()).toMatchObject({ error: 'invalid_client_metadata' });
    const plain = await OAuthClient.register(closed.origin);
    expect((await plain.post('/device_authorization', {})).status).toBe(404);
    expect((await closed.browser().open('/device')).status).toBe(404);
    expect((await plain.token({ grant_type: DEVICE_GRANT, device_code: 'x' })).body.error).toBe(
      'unsupported_grant_type',
    );
    await closed.close();
  });
});
