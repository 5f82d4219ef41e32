import { afterEach, describe, expect, it } from 'vitest';
import { Browser } from '../fixtures/browser.ts';
import { AUDIENCE, startExternalServer } from '../fixtures/external-mode.ts';
import { type IdentityProvider, startIdentityProvider } from '../fixtures/identity-provider.ts';

const REDIRECT = 'http://127.0.0.1:9/callback';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function startProvider(accessTokenFormat: 'jwt' | 'opaque'): Promise<IdentityProvider> {
  const provider = await startIdentityProvider({ accessTokenFormat });
  open.push(provider);
  return provider;
}

async function start(issuer: Readonly<Record<string, unknown>>) {
  const server = await startExternalServer([issuer]);
  open.push(server);
  return server;
}

interface TokenResponse {
  readonly access_token: string;
  readonly id_token: string;
}

function redeem(provider: IdentityProvider, parameters: Record<string, string>): Promise<TokenResponse> {
  return post<TokenResponse>(provider, '/token', parameters);
}

async function post<Answer>(
  { issuer, clientId, clientSecret }: IdentityProvider,
  path: string,
  parameters: Record<string, string>,
): Promise<Answer> {
  const basic = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret).replaceAll('%20', '+')}`;
  const response = await fetch(issuer + path, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
    body: new URLSearchParams(parameters),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${text}`);
  return (text === '' ? {} : JSON.parse(text)) as Answer;
}

/** Ada signs in at the provider, for the endpoint. */
async function signIn(provider: IdentityProvider): Promise<TokenResponse> {
  const url = new URL('/auth', provider.issuer);
  url.search = new URLSearchParams({
    ...{ client_id: provider.clientId, response_type: 'code', redirect_uri: REDIRECT, resource: AUDIENCE },
    scope: 'openid files:read files:write',
  }).toString();
  const browser = new Browser(provider.issuer);
  const page = await browser.open(url);
  const [form] = page.forms;
  if (form === undefined) throw new Error(`No sign-in: ${page.html}`);
  const { url: callback } = await browser.submit(form, { login: 'ada' });
  const code = callback.searchParams.get('code') ?? '';
  return await redeem(provider, {
    ...{ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, resource: AUDIENCE },
  });
}

describe('an OpenID provider as issuer of JWTs', () => {
  it('lets in with its access tokens, and with no ID token', async () => {
    const provider = await startProvider('jwt');
    const server = await start({ issuer: provider.issuer });
    const tokens = await signIn(provider);
    expect(await server.ask(tokens.access_token)).toMatchObject({
      status: 200,
      caller: { subject: 'ada', clientId: provider.clientId, scopes: ['files:read', 'files:write'] },
    });
    expect((await server.ask(tokens.id_token)).status).toBe(401);
  });

  it('lets a service in, but not with a token for something else', async () => {
    const provider = await startProvider('jwt');
    const server = await start({ issuer: provider.issuer });
    const request = { grant_type: 'client_credentials', scope: 'files:read' };
    const { access_token: token } = await redeem(provider, { ...request, resource: AUDIENCE });
    expect(await server.ask(token)).toMatchObject({ status: 200, caller: { subject: provider.clientId } });
    const other = await redeem(provider, { ...request, resource: 'https://elsewhere.example/mcp' });
    expect((await server.ask(other.access_token)).status).toBe(401);
  });

  it('may be away: known keys serve, and a server that starts meanwhile answers 503 until it is back', async () => {
    const provider = await startProvider('jwt');
    const server = await start({ issuer: provider.issuer });
    const [known, fresh] = [await signIn(provider), await signIn(provider)];
    expect((await server.ask(known.access_token)).status).toBe(200);
    await provider.stop();
    const late = await startExternalServer([{ issuer: provider.issuer }], {
      options: { keyCooldownSeconds: 1 },
    });
    open.push(late);
    expect((await server.ask(known.access_token)).status).toBe(200);
    expect((await server.ask(fresh.access_token)).status).toBe(200);
    expect((await late.ask(fresh.access_token)).status).toBe(503);
    await provider.start();
    await expect.poll(async () => (await late.ask(fresh.access_token)).status, { timeout: 5000 }).toBe(200);
  });
});

describe('an OpenID provider that is asked about tokens', () => {
  const asking = ({ issuer, clientId, clientSecret }: IdentityProvider) => ({
    ...{ issuer, type: 'introspection', clientId, clientSecret, cacheSeconds: 0 },
  });

  it('lets in with opaque tokens until it revokes them', async () => {
    const provider = await startProvider('opaque');
    const server = await start(asking(provider));
    const { access_token: token, id_token: idToken } = await signIn(provider);
    expect(token).not.toContain('.');
    expect(await server.ask(token)).toMatchObject({
      status: 200,
      caller: { subject: 'ada', clientId: provider.clientId, scopes: ['files:read', 'files:write'] },
    });
    expect((await server.ask(idToken)).status).toBe(401);
    await post(provider, '/token/revocation', { token });
    expect((await server.ask(token)).status).toBe(401);
  });

  it('answers with 503 while it is away', async () => {
    const provider = await startProvider('opaque');
    const server = await start(asking(provider));
    const { access_token: token } = await signIn(provider);
    await provider.stop();
    expect((await server.ask(token)).status).toBe(503);
    await provider.start();
    expect((await server.ask(token)).status).toBe(200);
  });
});
