import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { PageMaker } from '../../src/tools/web/fetching/page-maker.ts';
import { namedHost, openWebTools, pages, serveWeb } from '../fixtures/web-tools.ts';

/** All that follows is asked of one service, which has to stay alive for the next. */
async function setUp(listener: Parameters<typeof serveWeb>[0], options: Record<string, unknown> = {}) {
  const origin = await serveWeb(listener);
  const web = await openWebTools({ privateHosts: [namedHost(origin)], ...options });
  return { origin, web };
}

describe('an answer made to exhaust', () => {
  const zeros = Buffer.alloc(20_000_000);
  const bombs = { gzip: gzipSync(zeros), br: brotliCompressSync(zeros), zstd: zstdCompressSync(zeros) };
  const twice = gzipSync(gzipSync(Buffer.alloc(50_000_000)));

  test.each([
    ['gzip', bombs.gzip],
    ['br', bombs.br],
    ['zstd', bombs.zstd],
    ['gzip, gzip', twice],
  ])('unpacks from %s no further than the bound', async (coding, packed) => {
    expect(packed.byteLength).toBeLessThan(100_000);
    const { origin, web } = await setUp((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': coding }).end(packed);
    });
    expect(await web.failure('fetch_url', { url: origin })).toMatchObject({
      code: 'FILE_TOO_LARGE',
      message: 'The page is larger than 5.2 MB.',
    });
  });

  test('has no end', async () => {
    const { origin, web } = await setUp(
      (_, response) => {
        const pour = (): void => {
          while (response.write('x'.repeat(10_000)));
        };
        response.on('drain', pour);
        pour();
      },
      { maxBytes: 100_000 },
    );
    expect(await web.failure('fetch_url', { url: origin })).toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  test.each([
    ['drop by drop', '/drops'],
    ['behind one redirect after the other', '/0'],
    ['never', '/never'],
  ])('comes %s: one clock holds for all of it', async (_, path) => {
    const { origin, web } = await setUp(
      ({ url = '' }, response) => {
        if (url === '/drops') {
          const timer = setInterval(() => response.write('.'), 20);
          response.on('close', () => {
            clearInterval(timer);
          });
        } else if (url !== '/never') {
          const timer = setTimeout(() => {
            response.writeHead(302, { location: `/${Number(url.slice(1)) + 1}` }).end();
          }, 200);
          response.on('close', () => {
            clearTimeout(timer);
          });
        }
      },
      { timeoutMs: 500 },
    );
    expect(await web.failure('fetch_url', { url: `${origin}${path}` })).toMatchObject({
      code: 'TIMEOUT',
      message: 'The page did not come within 0.5 seconds.',
    });
  });
});

describe('a page made to exhaust who reads it', () => {
  const hostile = {
    '/nested': `${'<div>'.repeat(100_000)}core`,
    '/nested-some': `${'<blockquote><ul><li>'.repeat(1000)}core`,
    '/siblings': '<b>x</b>'.repeat(60_000),
    '/wide': `<table><tr>${'<td>1</td>'.repeat(10_000)}</tr></table>`,
    '/colspan': `<table>${'<tr><td colspan="999999999">x</td><td>y</td></tr>'.repeat(1000)}</table>`,
    '/tables': `${'<table><tr><td>'.repeat(400)}core`,
    '/spaces': `<pre>a${'\n'.repeat(300_000)}</pre><p>a${' '.repeat(300_000)}b</p>`,
    '/angles': `${'<'.repeat(200_000)}${'&amp;'.repeat(100_000)}`,
    '/attributes': `<p ${'a="b" '.repeat(100_000)} style="${'/*'.repeat(200_000)}">core${'<!--'.repeat(200_000)}`,
    '/indented': `${'<ol start=100000000000000000000><li>'.repeat(10)}<pre>${'a\n'.repeat(2_400_000)}`,
    '/quoted': `${'<blockquote>'.repeat(90)}${'a<br>'.repeat(49_000)}`,
    '/base': `<base href="/${'a'.repeat(1_000_000)}/">${'<a href=x>y</a>'.repeat(2000)}`,
    '/marks': `<p>${'*_[`'.repeat(80_000)}</p>`,
    '/images': '<img alt="![a](" src="/x">'.repeat(10_000),
    '/paragraphs': `<article>${'<p>A sentence, with commas, long enough to count as one that a reader wants.</p>'.repeat(10_000)}`,
  };

  test.each(Object.keys(hostile))(
    '%s ends with text or a clear error, while others are served',
    async (path) => {
      const { origin, web } = await setUp(pages({ ...hostile, '/plain': 'fine' }));
      const state = { isRead: false };
      const reading = web
        .text('fetch_url', { url: `${origin}${path}` })
        .catch((error: unknown) => String((error as { code?: string }).code))
        .finally(() => {
          state.isRead = true;
        });
      // The source of a page is told by the event loop itself.
      let served = 0;
      while (!state.isRead) {
        expect(await web.text('fetch_url', { url: `${origin}/plain`, format: 'raw' })).toContain('fine');
        served++;
      }
      expect(await reading).toMatch(/^NOT_TEXT$|^\[begin /);
      expect(served).toBeGreaterThan(3);
    },
  );

  test('that takes longer than its time is told as the text that was found by then, or not at all', async () => {
    const question = {
      charset: undefined,
      isHtml: true,
      format: 'markdown',
      address: 'http://public.test/',
    } as const;
    const { signal } = new AbortController();
    const slow = '<table><tr><td>word</td><td>word</td></tr></table>'.repeat(10_000);
    const made = await new PageMaker(1)
      .make({ ...question, bytes: Buffer.from('<p>x') }, 'someone', signal)
      .catch((error: unknown) => error);
    expect(made).toMatchObject({
      code: 'NOT_TEXT',
      next: expect.stringContaining('"format":"raw"') as string,
    });
    let patience = 50;
    let plain = false;
    // How long the first stage takes is the machine's affair.
    while (!plain && patience < 10_000) {
      const result = await new PageMaker(patience)
        .make({ ...question, bytes: Buffer.from(slow) }, 'someone', signal)
        .catch(() => undefined);
      plain = result?.isPlain === true;
      patience = Math.ceil(patience * 1.3);
    }
    expect(plain).toBe(true);
  });

  test('names the call that still reads it', async () => {
    const { origin, web } = await setUp(pages(hostile));
    const url = `${origin}/nested`;
    const error = await web.failure('fetch_url', { url });
    expect(error).toMatchObject({
      message:
        'The page cannot be made into readable text: its elements stand thousands deep in one another.',
      code: 'NOT_TEXT',
      next: `fetch_url ${JSON.stringify({ url, format: 'raw' })}`,
    });
    expect(await web.text('fetch_url', { url, format: 'raw' })).toContain('<div><div>');
  });

  test('keeps those of others waiting for one of them at most', async () => {
    const maker = new PageMaker(1000);
    const question = {
      charset: undefined,
      isHtml: true,
      format: 'markdown',
      address: 'http://a.test/',
    } as const;
    const { signal } = new AbortController();
    const heavy = Buffer.from('<table><tr><td>word</td><td>word</td></tr></table>'.repeat(10_000));
    const ended: string[] = [];
    const make = (bytes: Buffer, subject: string): Promise<unknown> =>
      maker
        .make({ ...question, bytes }, subject, signal)
        .catch(() => undefined)
        .then(() => ended.push(subject));
    const hostile = Array.from({ length: 6 }, () => make(heavy, 'mallory'));
    await make(Buffer.from('<p>x'), 'alice');
    expect(ended.filter((subject) => subject === 'mallory').length).toBeLessThanOrEqual(3);
    await Promise.all(hostile);
  });

  test('a call that is given up ends its thread at once', async () => {
    const maker = new PageMaker();
    const question = {
      charset: undefined,
      isHtml: true,
      format: 'markdown',
      address: 'http://public.test/',
    } as const;
    const controller = new AbortController();
    const reason = new Error('enough');
    const heavy = Buffer.from('<a href="/x">l</a> '.repeat(49_000));
    const given = maker
      .make({ ...question, bytes: heavy }, 'someone', controller.signal)
      .catch((error: unknown) => error);
    const small = { ...question, bytes: Buffer.from('<p>x') };
    await maker.make(small, 'someone', new AbortController().signal);
    controller.abort(reason);
    // A thread takes longer to start than one takes to end, and the heavy page takes longer than both.
    const next = maker.make(small, 'someone', new AbortController().signal);
    expect(await Promise.race([given, next])).toBe(reason);
    await next;
  });
});
