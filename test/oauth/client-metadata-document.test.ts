import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answer,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient, REDIRECT_URI } from '../fixtures/oauth-client.ts';

const CLIENT_ID = 'https://agent.example.com/oauth/client.json';

let server: RunningAuthorizationServer;
let documents: Map<string, () => Response | Promise<Response>>;
let fetched: string[];
const clock = new ManualClock(Date.now());

function documentOf(clientId: string, changes: Record<string, unknown> = {}): object {
  return {
    client_id: clientId,
    client_name: 'Example agent',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    ...changes,
  };
}

beforeAll(async () => {
  server = await startAuthorizationServer({
    clock,
    fetch: async (url) => {
      fetched.push(url);
      const respond = documents.get(url);
      if (respond === undefined) throw new TypeError('fetch failed');
      return await respond();
    },
  });
});
afterAll(() => server.close());
beforeEach(() => {
  clock.advance(61_000);
  documents = new Map();
  fetched = [];
});

/** Opens an authorization request of this client; answers the page. */
async function open(clientId: string, changes: Record<string, string | null> = {}) {
  const client = new OAuthClient(server.origin, clientId);
  return await server.browser().open(client.authorizationUrl(changes));
}

describe('client ID metadata documents (draft-ietf-oauth-client-id-metadata-document-02)', () => {
  it('identify a client that never registered', async () => {
    documents.set(CLIENT_ID, () => Response.json(documentOf(CLIENT_ID)));
    const client = new OAuthClient(server.origin, CLIENT_ID);
    const browser = server.browser();
    const consent = await signIn(browser, client.authorizationUrl());
    expect(consent.html).toContain('Example agent');
    // Who vouches for the name.
    expect(consent.html).toContain('agent.example.com');
    const { url } = await answer(browser, consent);
    const { status, body } = await client.exchange(url.searchParams.get('code') ?? '');
    expect(status).toBe(200);
    expect((await client.refresh(body.refresh_token ?? '')).status).toBe(200);
    expect(fetched).toEqual([CLIENT_ID]);
  });

  it('cannot make a client that acts for itself', async () => {
    const id = 'https://agent.example.com/machine.json';
    documents.set(id, () => Response.json(documentOf(id)));
    const { status, body } = await new OAuthClient(server.origin, id).token({
      grant_type: 'client_credentials',
    });
    expect(status).toBe(400);
    expect(body.access_token).toBeUndefined();
  });

  it.each<[what: string, name: string, respond: (clientId: string) => Response]>([
    ['is missing', 'missing', () => new Response('', { status: 404 })],
    ['leads elsewhere', 'elsewhere', () => Response.redirect('https://elsewhere.example')],
    ['is no JSON', 'page', () => new Response('<html></html>')],
    ['is larger than 5 KB', 'larger', (own) => Response.json(documentOf(own, { policy: 'x'.repeat(6000) }))],
    ['names another client', 'other', () => Response.json(documentOf(id('another')))],
    ['has no name', 'nameless', (own) => Response.json(documentOf(own, { client_name: undefined }))],
    [
      'has a name that cannot be seen',
      'invisible',
      (own) => Response.json(documentOf(own, { client_name: '\u200b\u202e' })),
    ],
    ['has a secret', 'secret', (own) => Response.json(documentOf(own, { client_secret: 'secret' }))],
    [
      'has a redirect URI that is not allowed',
      'redirect',
      (own) => Response.json(documentOf(own, { redirect_uris: ['http://example.com/'] })),
    ],
  ])('a document that %s is refused on a page', async (_what, name, respond) => {
    const clientId = id(name);
    documents.set(clientId, () => respond(clientId));
    const page = await open(clientId);
    expect(page.status).toBe(400);
    expect(page.url.origin).toBe(server.origin);
    expect(fetched).toEqual([clientId]);
  });

  it('that failed is not asked for again for a minute', async () => {
    const clientId = id('down');
    for (let attempt = 0; attempt < 5; attempt++) {
      expect((await open(clientId)).status).toBe(400);
      clock.advance(4000);
    }
    expect(fetched).toEqual([clientId]);
    clock.advance(60_000);
    documents.set(clientId, () => Response.json(documentOf(clientId)));
    expect((await open(clientId)).status).toBe(200);
  });

  it('that many ask for at once is fetched once', async () => {
    const clientId = id('popular');
    documents.set(clientId, () => Response.json(documentOf(clientId)));
    const pages = await Promise.all(Array.from({ length: 10 }, () => open(clientId)));
    expect(pages.map(({ status }) => status)).toEqual(Array<number>(10).fill(200));
    expect(fetched).toEqual([clientId]);
  });

  it('are not fetched without end, however many are named', async () => {
    for (let count = 0; count < 50; count++) await open(id(`flood-${count}`));
    expect(fetched.length).toBeLessThanOrEqual(30);
  });

  it('are taken from the hosts that the operator allows, and fetched from no other', async () => {
    const allowedHosts = ['agent.example.com', '*.clients.example.com'];
    const choosy = await startAuthorizationServer({
      options: { metadataDocuments: { allowedHosts }, registration: { allowedRedirectHosts: [] } },
      fetch: (url) => {
        fetched.push(url);
        return Promise.resolve(Response.json(documentOf(url)));
      },
    });
    const ask = async (host: string): Promise<[number, string]> => {
      const client = new OAuthClient(choosy.origin, `https://${host}/client.json`);
      const page = await choosy.browser().open(client.authorizationUrl());
      return [page.status, page.html];
    };
    for (const host of ['agent.example.com', 'one.clients.example.com']) {
      expect((await ask(host))[0]).toBe(200);
    }
    expect(fetched).toHaveLength(2);
    for (const host of ['clients.example.com', 'agent.example.com.evil.test', 'other.example.com']) {
      const [status, html] = await ask(host);
      expect([status, html]).toEqual([400, expect.stringContaining('metadataDocuments.allowedHosts')]);
    }
    expect(fetched).toHaveLength(2);
    await choosy.close();
  });

  it('are not used where the operator has switched them off', async () => {
    const closed = await startAuthorizationServer({ options: { metadataDocuments: { enabled: false } } });
    const client = new OAuthClient(closed.origin, CLIENT_ID);
    expect((await closed.browser().open(client.authorizationUrl())).status).toBe(400);
    const metadata = await fetch(`${closed.origin}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).not.toHaveProperty('client_id_metadata_document_supported');
    await closed.close();
  });
});

function id(name: string): string {
  return `https://agent.example.com/${name}.json`;
}
