import { describe, expect, it } from 'vitest';
import type { Permit } from '../../../../src/core/permit.ts';
import { UNRESTRICTED } from '../../../../src/core/permit.ts';
import type { Kept } from '../../../../src/core/scratch.ts';
import { principalOf } from '../../../fixtures/principal.ts';
import { openApi } from '../../../fixtures/web-api.ts';
import { openWebTools } from '../../../fixtures/web-tools.ts';

describe('call_api', () => {
  it('is offered where there are APIs, and only then', async () => {
    expect((await openWebTools()).feature.tools.map(({ name }) => name)).toEqual(['fetch_url']);
    const { web } = await openApi();
    expect(web.feature.tools.map(({ name }) => name)).toEqual(['fetch_url', 'call_api']);
    expect((await openWebTools({ fetch: false })).feature.tools).toEqual([]);
  });

  it('asks below the base and answers the status, the telling headers and the body, compact and framed', async () => {
    const { call, seen } = await openApi({}, (_, response) => {
      const headers = { 'content-type': 'application/json', 'x-total-count': '7', 'set-cookie': 'a=1' };
      response.writeHead(200, headers).end('{ "id": 12345678901234567890,\n  "text": "a  b" }');
    });
    expect(
      await call({
        path: '/issues/ä b'.replace(' ', '%20'),
        query: { state: 'open', page: 2, tag: ['x', 'y&z'] },
      }),
    ).toMatch(
      /^\[begin ([0-9a-f]{12}): answer of the API tracker\. It was [^\n]*\]\nstatus 200\nx-total-count: 7\n\n\{"id":12345678901234567890,"text":"a {2}b"\}\n\[end \1\]\n\[characters 1-41 of 41\]$/,
    );
    expect(seen[0]?.url).toBe('/api/v2/issues/%C3%A4%20b?state=open&page=2&tag=x&tag=y%26z');
    expect(seen[0]?.method).toBe('GET');
  });

  it.each([
    [{ type: 'bearer', secret: 'sesame-1' }, 'authorization', 'Bearer sesame-1'],
    [{ type: 'basic', name: 'me', secret: 'sesame-1' }, 'authorization', `Basic ${btoa('me:sesame-1')}`],
    [{ type: 'header', name: 'X-Key', secret: 'sesame-1' }, 'x-key', 'sesame-1'],
  ])('signs in by %j', async (auth, header, value) => {
    const { call, seen } = await openApi({ auth, headers: { 'X-Tenant': 'acme-corp' } });
    await call({ path: '/' });
    expect(seen[0]?.headers).toMatchObject({ [header]: value, 'x-tenant': 'acme-corp' });
  });

  it('sends the headers of the operator instead of its own, and takes what they say for no secret', async () => {
    const headers = { Accept: 'application/json', 'User-Agent': 'Bot/1', 'X-Api-Version': '2022-11-28' };
    const { call, seen } = await openApi({ headers }, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{ "at": "2022-11-28" }');
    });
    expect(await call({ path: '/' })).toContain('{"at":"2022-11-28"}');
    expect(seen[0]?.headers).toMatchObject({ accept: 'application/json', 'user-agent': 'Bot/1' });
  });

  it('takes all but asterisks in the paths of the operator as it stands', async () => {
    const { call, fail, seen } = await openApi({
      paths: ['/Users(1)', '/[id]', '/a?', '/x|/y', '/*.json', '/v1.0'],
    });
    for (const path of ['/Users(1)', '/[id]', '/x|/y', '/q.json', '/v1.0']) await call({ path });
    for (const path of ['/Users1', '/i', '/ab', '/x', '/y', '/q/x.json', '/v1a0', '/Users(1)/']) {
      expect(await fail({ path }), path).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    expect(seen).toHaveLength(5);
  });

  it('signs in by a query parameter, which an agent cannot set', async () => {
    const { call, fail, seen } = await openApi({ auth: { type: 'query', name: 'key', secret: 'sesame-1' } });
    await call({ path: '/x', query: { a: 1 } });
    expect(seen[0]?.url).toBe('/api/v2/x?a=1&key=sesame-1');
    expect(await fail({ path: '/x', query: { KEY: 'mine' } })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(seen).toHaveLength(1);
  });

  it.each([
    [{ title: 'x' }, '{"title":"x"}', 'application/json'],
    ['[1, 2]', '[1, 2]', 'application/json'],
    ['plain', 'plain', 'text/plain; charset=utf-8'],
  ])('sends %j as it is meant', async (body, sent, type) => {
    const { call, seen } = await openApi({ methods: ['POST'] });
    await call({ path: '/issues', method: 'POST', body });
    expect(seen[0]).toMatchObject({ method: 'POST', body: sent, headers: { 'content-type': type } });
  });

  it('hands the trace of a call on', async () => {
    const { call, seen } = await openApi();
    const trace = {
      traceId: 'a'.repeat(32),
      parentId: 'b'.repeat(16),
      flags: '01',
      state: undefined,
      baggage: 'x=1',
    };
    await call({ path: '/' }, { trace });
    expect(seen[0]?.headers).toMatchObject({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    expect(seen[0]?.headers).not.toHaveProperty('baggage');
  });

  it('takes only methods and paths of the list', async () => {
    const { call, fail, seen } = await openApi({ paths: ['/issues', '/issues/*', '/public/**'] });
    for (const path of ['/issues', '/issues/42', '/public/a/b']) await call({ path });
    for (const path of ['/', '/issues/42/delete', '/admin', '/issuesx', '/ISSUES', '/publicly']) {
      expect(await fail({ path }), path).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    expect(await fail({ path: '/issues', method: 'DELETE' })).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'DELETE is not allowed for tracker: GET.',
      next: 'info {"section":"sources"}',
    });
    expect(await fail({ path: '/issues', body: 'x' })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(seen).toHaveLength(3);
  });

  it('what a policy does not allow does not exist', async () => {
    const { web, fail, seen } = await openApi();
    const permit: Permit = { ...UNRESTRICTED, allowsApi: () => false };
    const [api] = web.feature.sources;
    expect(api).toMatchObject({ name: 'tracker', kind: 'api', check: 'api:tracker' });
    expect([api?.isAllowed(UNRESTRICTED), api?.isAllowed(permit)]).toEqual([true, false]);
    const [forbidden, unknown] = [
      await fail({ path: '/' }, { principal: principalOf({ permit }) }),
      await fail({ api: 'nothing', path: '/' }, { principal: principalOf({ permit }) }),
    ];
    expect(forbidden.message).toBe('There is no API "tracker".');
    expect(unknown.message.replace('nothing', 'tracker')).toBe(forbidden.message);
    expect((await fail({ api: 'trakker', path: '/' })).message).toBe(
      'There is no API "trakker"; there are: tracker.',
    );
    expect(seen).toHaveLength(0);
  });

  it('keeps as a file what one result cannot hold, and what is no text', async () => {
    const large = JSON.stringify(Array.from({ length: 5000 }, (_, id) => ({ id })));
    const kept: Kept[] = [];
    const keep = (file: Kept) => {
      kept.push(file);
      return Promise.resolve({ ...file, path: `/.scratch/${file.name}`, uri: '', size: 0, expiresAt: 0 });
    };
    const { call } = await openApi({}, ({ url }, response) => {
      if (url?.endsWith('/pdf') === true)
        response.writeHead(200, { 'content-type': 'application/pdf' }).end('%PDF\0');
      else response.writeHead(200, { 'content-type': 'application/json' }).end(large);
    });
    expect(await call({ path: '/' }, { keep, tokens: 2000 })).toMatch(
      /\[characters 1-[\d,]+ of [\d,]+; all of it: read_file \{"paths":\["\/\.scratch\/tracker\.json"\]\}\]$/,
    );
    expect(kept[0]).toMatchObject({ name: 'tracker.json', mimeType: 'application/json', content: large });
    expect(await call({ path: '/pdf' }, { keep })).toMatch(
      /\[5 B of application\/pdf; all of it: read_file .*tracker\.pdf/,
    );
  });
});

describe('the configuration', () => {
  it.each([
    [{ name: 'A b' }],
    [{ baseUrl: 'ftp://a.test' }],
    [{ baseUrl: 'https://user:pw@a.test' }],
    [{ baseUrl: 'https://a.test/?x=1' }],
    [{ baseUrl: 'https://a.test/#x' }],
    [{ headers: { 'X-A': 'a\r\nX-B: b' } }],
    [{ headers: { Host: 'other.test' } }],
    [{ headers: { 'bad name': 'x' } }],
    [{ auth: { type: 'header', secret: 'x' } }],
    [{ auth: { type: 'header', name: 'Content-Length', secret: 'x' } }],
    [{ auth: { type: 'bearer', secret: 'a\nb' } }],
    [{ paths: ['issues'] }],
    [{ methods: ['TRACE'] }],
    [{ unheard: 1 }],
  ])('does not take %j', async (change) => {
    const api = { name: 'a', description: 'A.', baseUrl: 'https://a.test', ...change };
    await expect(openWebTools({ apis: [api] })).rejects.toThrow();
  });

  it('does not take two APIs of one name', async () => {
    const api = { name: 'a', description: 'A.', baseUrl: 'https://a.test' };
    await expect(openWebTools({ apis: [api, api] })).rejects.toThrow('same name');
  });
});
