import { describe, expect, it } from 'vitest';
import { openWebTools, serveWeb } from '../../../fixtures/web-tools.ts';

describe('hosts', () => {
  it.each([
    [{ allowHosts: ['docs.test'] }, 'http://docs.test:PORT/', true],
    [{ allowHosts: ['docs.test'] }, 'http://DOCS.test.:PORT/', true],
    [{ allowHosts: ['docs.test'] }, 'http://other.test:PORT/', false],
    [{ allowHosts: ['docs.test'] }, 'http://docs.test.evil.test:PORT/', false],
    [{ allowHosts: ['*.docs.test'] }, 'http://a.b.docs.test:PORT/', true],
    [{ allowHosts: ['*.docs.test'] }, 'http://docs.test:PORT/', false],
    [{ allowHosts: ['*.docs.test'] }, 'http://evildocs.test:PORT/', false],
    [{ allowHosts: ['docs.test:1'] }, 'http://docs.test:PORT/', false],
    [{ allowHosts: ['bücher.test'] }, 'http://xn--bcher-kva.test:PORT/', true],
    [{ denyHosts: ['bad.test'] }, 'http://bad.test:PORT/', false],
    [{ denyHosts: ['bad.test'] }, 'http://good.test:PORT/', true],
    [{ denyHosts: ['bad.test'], allowHosts: ['*.test', 'bad.test'] }, 'http://bad.test.:PORT/', false],
  ])('%j lets %s through: %s', async (options, url, isAllowed) => {
    const origin = await serveWeb((_, response) => response.end('page'));
    const lookup = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    const web = await openWebTools(options, { lookup, allowLoopback: true });
    const args = { url: url.replace('PORT', new URL(origin).port) };
    if (isAllowed) expect(await web.text('fetch_url', args)).toContain('\npage\n');
    else expect(await web.failure('fetch_url', args)).toMatchObject({ code: 'URL_BLOCKED' });
  });

  it('that are no pattern are refused as configuration', async () => {
    for (const host of ['*', '*.', 'http://a.test', 'a.test/', 'a b', 'a.*.test', 'user@a.test', '']) {
      await expect(openWebTools({ allowHosts: [host] }), host).rejects.toThrow();
    }
  });

  it('a URL without its scheme is answered with the call that has one', async () => {
    const web = await openWebTools();
    expect(await web.failure('fetch_url', { url: 'example.com/a?b=c' })).toMatchObject({
      code: 'INVALID_ARGUMENT',
      next: 'fetch_url {"url":"https://example.com/a?b=c"}',
    });
  });
});
