import { beforeEach, describe, expect, test } from 'vitest';
import { openWebTools, serveWeb, type WebBench } from '../fixtures/web-tools.ts';

let asked: string[];
let web: WebBench;

beforeEach(async () => {
  asked = [];
  const origin = await serveWeb(({ url = '', headers }, response) => {
    asked.push(`${headers.host ?? ''}${url}`);
    response.end('reached');
  });
  const api = {
    name: 'a',
    description: 'A.',
    baseUrl: `${origin}/v1/`,
    paths: ['/open/**'],
    methods: ['GET', 'POST'],
  };
  web = await openWebTools({ apis: [api] });
});

describe('an agent leads no request out of what the operator has opened', () => {
  test.each([
    '/open/../admin',
    '/open/..',
    '/open/./x',
    '/open/../../v2/x',
    '/open/%2e%2e/admin',
    '/open/.%2E/admin',
    '/open/%252e%252e/admin',
    '/open/..%2fadmin',
    '/open%2f..%2fadmin',
    '/open/%5c..%5cadmin',
    '/open\\..\\admin',
    '/open/..;/admin',
    '/open/..;x=1/admin',
    '/open/..%3b/admin',
    '/open/.;/x',
    '/open//admin',
    '//evil.test/open/x',
    '///evil.test/open/x',
    '/\\evil.test/open',
    '\\\\evil.test/open',
    'http://evil.test/open/x',
    'https:evil.test',
    '@evil.test/open/x',
    '.evil.test/open/x',
    ':80@evil.test/',
    'open/x',
    '/admin',
    '/openly/x',
    '/OPEN/x',
    '/v1/open/x',
    '/open/x?admin=1',
    '/open/x#y',
    '/open/x%3fadmin=1',
    '/open/x%23y',
    '/open/x HTTP/1.1',
    '/open/x%20%0d%0aHost:%20evil.test',
    '/open/x\r\nX-Admin: 1',
    '/open/x%0d%0aX-Admin:%201',
    '/open/x%00',
    '/open/x\u0000',
    '/open/x\ty',
    '/open/\u2028/../x',
    '/open/%zz',
    '/open/\ud800',
    '/open/%c0%ae%c0%ae/admin',
    '/open/%ff',
    '/open/%',
    '/{open,admin}/x',
    '',
    '/',
  ])('%j', async (path) => {
    expect(await web.failure('call_api', { api: 'a', path })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(asked).toEqual([]);
  });

  test.each([
    ['/open/x', {}, '/v1/open/x'],
    ['/open/a.b/..c/d..', {}, '/v1/open/a.b/..c/d..'],
    ['/open/é', {}, '/v1/open/%C3%A9'],
    ['/open/a%20b', {}, '/v1/open/a%20b'],
    ['/open/x', { 'a&b': 'c&d=e#f' }, '/v1/open/x?a%26b=c%26d%3De%23f'],
    ['/open/x', { q: 'a\r\nX-Admin: 1' }, '/v1/open/x?q=a%0D%0AX-Admin%3A+1'],
    ['/open/x', { q: '../../admin' }, '/v1/open/x?q=..%2F..%2Fadmin'],
  ])('while %j with %j arrives as it was judged', async (path, query, url) => {
    await web.text('call_api', { api: 'a', path, query });
    expect(asked.map((one) => one.replace(/^[^/]*/, ''))).toEqual([url]);
  });

  test.each([{ a: { b: 1 } }, { a: [[1]] }, 'a=1&b=2', { a: 'x'.repeat(9000) }])(
    'a query of %j is refused',
    async (query) => {
      expect(await web.failure('call_api', { api: 'a', path: '/open/x', query })).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      expect(asked).toEqual([]);
    },
  );

  test.each(['PUT', 'DELETE', 'TRACE', 'CONNECT', 'get\r\nX-A: b', 'GET /admin'])(
    'the method %j is refused',
    async (method) => {
      expect(await web.failure('call_api', { api: 'a', path: '/open/x', method })).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      expect(asked).toEqual([]);
    },
  );
});
