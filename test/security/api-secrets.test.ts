import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { configSchema } from '../../src/config/schema.ts';
import { maskSecrets } from '../../src/config/mask.ts';
import { openWebTools, serveWeb } from '../fixtures/web-tools.ts';

const SECRET = 'k3y/with+"quotes" &more=';
const TENANT = 'tenant-5up3r-private';

const SPELLINGS = [
  SECRET,
  JSON.stringify(SECRET).slice(1, -1),
  encodeURIComponent(SECRET),
  encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase()),
  Buffer.from(SECRET).toString('base64'),
  Buffer.from(`robot:${SECRET}`).toString('base64'),
  Buffer.from(SECRET).toString('hex'),
  TENANT,
];

/** An API that tells whatever it was sent, in every way it can. */
async function echoing(auth: object, options: Record<string, unknown> = {}) {
  const origin = await serveWeb((request, response) => {
    const { headers, url = '' } = request;
    if (url.includes('/cut')) {
      request.socket.destroy();
      return;
    }
    const echo = JSON.stringify({ headers, url, spelled: SPELLINGS });
    const status = url.includes('/fail') ? 400 : url.includes('/away') ? 302 : 200;
    response.writeHead(status, {
      'content-type': url.includes('/odd') ? `text/${TENANT}` : 'application/json',
      location: `https://elsewhere.test/?key=${encodeURIComponent(SECRET)}`,
      etag: TENANT,
      'x-request-id': Buffer.from(SECRET).toString('base64'),
    });
    response.end(url.includes('/binary') ? Buffer.concat([Buffer.from([0, 255]), Buffer.from(echo)]) : echo);
  });
  const web = await openWebTools({
    apis: [
      {
        name: 'echo',
        description: 'Echo.',
        baseUrl: origin,
        auth,
        headers: { 'X-Tenant': TENANT },
        retries: 0,
        ...options,
      },
    ],
  });
  const kept: string[] = [];
  const keep = (file: { name: string; content: unknown }) => {
    kept.push(Buffer.from(file.content as Buffer).toString('latin1'));
    return Promise.resolve({
      path: `/.scratch/${file.name}`,
      uri: '',
      name: file.name,
      mimeType: '',
      size: 0,
      expiresAt: 0,
    });
  };
  return { web, kept, keep };
}

function expectNoSecret(text: string): void {
  for (const spelling of SPELLINGS) expect(text).not.toContain(spelling);
}

describe.each([
  { type: 'bearer', secret: SECRET },
  { type: 'basic', name: 'robot', secret: SECRET },
  { type: 'header', name: 'X-Key', secret: SECRET },
  { type: 'query', name: 'key', secret: SECRET },
])('a secret that is sent by $type', (auth) => {
  test.each(['/', '/odd', '/binary', '/fail', '/away', '/cut'])(
    'is told by no answer, error or log: %s',
    async (path) => {
      const { web, kept, keep } = await echoing(auth);
      const said = await web.text('call_api', { api: 'echo', path }, { keep }).catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        web.telemetry.logger.error({ err: error }, 'failed');
        return `${error.message} ${error.next ?? ''} ${String((error.cause as Error | undefined)?.message)}`;
      });
      expectNoSecret(said);
      for (const file of kept) expectNoSecret(file);
      expectNoSecret(JSON.stringify(web.telemetry));
      if (path === '/') expect(said).toContain('[redacted]');
    },
  );

  test('is kept back in what is spilled', async () => {
    const { web, kept, keep } = await echoing(auth);
    const said = await web.text('call_api', { api: 'echo', path: '/' }, { keep, tokens: 250 });
    expectNoSecret(said);
    expect(kept).toHaveLength(1);
    expectNoSecret(kept[0] ?? '');
  });

  test('is not taken along to where a redirect points', async () => {
    const asked: string[] = [];
    const thief = await serveWeb((request, response) => {
      asked.push(JSON.stringify([request.url, request.headers]));
      response.end();
    });
    const origin = await serveWeb(({ url }, response) => {
      response.writeHead(307, { location: url === '/same' ? '/other' : thief }).end();
    });
    const web = await openWebTools({ apis: [{ name: 'a', description: 'A.', baseUrl: origin, auth }] });
    for (const path of ['/', '/same']) {
      expect(await web.failure('call_api', { api: 'a', path })).toMatchObject({ code: 'HTTP_STATUS' });
    }
    expect(asked).toEqual([]);
  });

  test('stands in no list of sources', async () => {
    const { web } = await echoing(auth);
    expectNoSecret(JSON.stringify([web.feature.sources, web.feature.tools]));
  });

  test('is masked where the configuration is shown', () => {
    const apis = [
      { name: 'a', description: 'A.', baseUrl: 'http://a.test', auth, headers: { 'X-Tenant': TENANT } },
    ];
    expectNoSecret(JSON.stringify(maskSecrets(configSchema, { tools: { web: { apis } } })));
  });
});

test('a secret of Latin letters is taken out of bytes as of text', async () => {
  const origin = await serveWeb(({ headers }, response) => {
    const isLatin = headers['x-latin'] !== undefined;
    response.writeHead(200, { 'content-type': `text/plain; charset=${isLatin ? 'iso-8859-1' : 'utf-8'}` });
    response.end(Buffer.from(String(headers['x-key']), isLatin ? 'latin1' : 'utf8'));
  });
  for (const headers of [{ 'X-Key': 'pässwörd' }, { 'X-Key': 'pässwörd', 'X-Latin': 'yes' }]) {
    const web = await openWebTools({ apis: [{ name: 'a', description: 'A.', baseUrl: origin, headers }] });
    const said = await web.text('call_api', { api: 'a', path: '/' });
    expect(said).toContain('[redacted]');
    expect(said).not.toContain('ssw');
  }
});

test('an API whose name leads to a metadata service is not connected to', async () => {
  for (const address of ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16']) {
    const literal = address.includes(':') ? `[${address}]` : address;
    for (const host of ['named.test', literal]) {
      const web = await openWebTools(
        {
          apis: [
            {
              name: 'a',
              description: 'A.',
              baseUrl: `http://${host}/`,
              retries: 0,
              auth: { type: 'bearer', secret: SECRET },
            },
          ],
        },
        { lookup: () => Promise.resolve([{ address, family: address.includes(':') ? 6 : 4 }]) },
      );
      const error = await web.failure('call_api', { api: 'a', path: '/' });
      expect(error, host).toMatchObject({ code: 'URL_BLOCKED' });
    }
  }
});
