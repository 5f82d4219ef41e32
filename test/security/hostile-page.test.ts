import { readFile } from 'node:fs/promises';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ENDLESS, openPageMaker } from '../fixtures/page-makers.ts';
import { openWebTools, pages, serveWeb, startWebTools, type WebBench } from '../fixtures/web-tools.ts';

/** All that follows is asked of one service, which has to stay alive for the next. */
let web: WebBench;

beforeAll(async () => {
  web = await startWebTools({ privateHosts: ['127.0.0.1'] });
});

afterAll(() => web.close());

describe('an answer made to exhaust', () => {
  const zeros = Buffer.alloc(6_000_000);
  const packed = {
    gzip: gzipSync(zeros),
    br: brotliCompressSync(zeros),
    zstd: zstdCompressSync(zeros),
    'gzip, gzip': gzipSync(gzipSync(zeros)),
  };

  test.each(Object.entries(packed))('unpacks from %s no further than the bound', async (coding, bomb) => {
    expect(bomb.byteLength).toBeLessThan(10_000);
    const origin = await serveWeb((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': coding }).end(bomb);
    });
    expect(await web.failure('fetch_url', { url: origin })).toMatchObject({
      code: 'FILE_TOO_LARGE',
      message: 'The page is larger than 5.2 MB.',
    });
  });

  test('has no end', async () => {
    const origin = await serveWeb((_, response) => {
      const pour = (): void => {
        while (response.write('x'.repeat(10_000)));
      };
      response.on('drain', pour);
      pour();
    });
    expect(await web.failure('fetch_url', { url: origin })).toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  test('comes drop by drop, behind one redirect after the other, or never: one clock holds for all', async () => {
    const origin = await serveWeb(({ url = '' }, response) => {
      if (url === '/never') return;
      const timer = setInterval(() => {
        if (url === '/drops') response.write('.');
        else response.writeHead(302, { location: `/${Number(url.slice(1)) + 1}` }).end();
      }, 200);
      response.on('close', () => {
        clearInterval(timer);
      });
    });
    const impatient = await openWebTools({ privateHosts: ['127.0.0.1'], timeoutMs: 500 });
    const calls = ['/drops', '/0', '/never'].map((path) =>
      impatient.failure('fetch_url', { url: `${origin}${path}` }),
    );
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({
        code: 'TIMEOUT',
        message: 'The page did not come within 0.5 seconds.',
      });
    }
  });
});

describe('a page made to exhaust who reads it', () => {
  const SENTENCE = 'A sentence, with commas, long enough to count as one that a reader wants.';
  const READS_IT = 'fetch_url {"url":"http://public.test/","format":"raw"}';
  const TEXT_ONLY = /; text only: the page is too heavy for Markdown[;\]]/;

  test.each([
    ['nested', `${'<blockquote><ul><li>'.repeat(1000)}core`, /core(?![^]*text only)/],
    ['of elements without number', '<b>x</b>'.repeat(51_000), TEXT_ONLY],
    ['of one wide row', `<table><tr>${'<td>1</td>'.repeat(2000)}</tr></table>`, /^\| 1 \| 1 \|/m],
    ['of wide cells', `<table>${'<tr><td colspan=999999999>x<td>y'.repeat(300)}</table>`, /^\| x \| {2}\|/m],
    ['of tables in tables', `${'<table><tr><td>'.repeat(400)}core`, /\ncore\n/],
    ['of white space', `<pre>a${'\n'.repeat(10_000)}</pre><p>a${' '.repeat(300_000)}b</p>`, /\na b\n/],
    ['of signs', `${'<'.repeat(20_000)}${'&amp;'.repeat(10_000)}`, /\n<<<</],
    [
      'of attributes and comments',
      `<p ${'a="b" '.repeat(50_000)} style="${'/*'.repeat(100_000)}">core${'<!--'.repeat(100_000)}`,
      /\ncore\n/,
    ],
    [
      'of one long base',
      `<base href="/${'a'.repeat(1e6)}/">${'<a href=x>y</a>'.repeat(2000)}`,
      /\[y\]\(http/,
    ],
    [
      'of a base in each link',
      `<base href="/${'a'.repeat(1900)}/">${'<a href=x>y</a>'.repeat(7000)}`,
      TEXT_ONLY,
    ],
    ['of marks', `<p>${'*_[`'.repeat(40_000)}</p>`, /\n\\\*\\_\\\[\\`/],
    ['of pictures', '<img alt="![a](" src="/x">'.repeat(3000), /!\[!\\\[a\\?\]/],
    ['of paragraphs', `<article>${`<p>${SENTENCE}`.repeat(2000)}</article>`, /main part of the page/],
  ])('%s is told', async (_, html, expected) => {
    const origin = await serveWeb(pages({ '/': html }));
    expect(await web.text('fetch_url', { url: origin })).toMatch(expected);
  });

  test('by its depth is refused, with the call that still reads it', async () => {
    const origin = await serveWeb(pages({ '/': `${'<div>'.repeat(6000)}core` }));
    const error = await web.failure('fetch_url', { url: origin });
    expect(error).toMatchObject({
      message:
        'The page cannot be made into readable text: its elements stand thousands deep in one another.',
      code: 'NOT_TEXT',
      next: `fetch_url {"url":"${origin}/","format":"raw"}`,
    });
    expect(await web.text('fetch_url', { url: origin, format: 'raw' })).toContain('<div><div>');
  });

  test('keeps nobody else waiting', async () => {
    const origin = await serveWeb(pages({ '/heavy': ENDLESS, '/plain': 'fine' }));
    const controller = new AbortController();
    const { signal } = controller;
    const heavy = web.text('fetch_url', { url: `${origin}/heavy` }, { signal }).catch(() => 'given up');
    // The source of a page is told by the event loop itself.
    for (let served = 0; served < 20; served++) {
      expect(await web.text('fetch_url', { url: `${origin}/plain`, format: 'raw' })).toContain('fine');
    }
    controller.abort();
    expect(await heavy).toBe('given up');
  });

  test('keeps none of the others waiting, however many of them one person asks for, and ends with its call', async () => {
    const { make, processes } = openPageMaker({ timeoutMs: 60_000 });
    const controller = new AbortController();
    const { signal } = controller;
    const hostile = Array.from({ length: 20 }, () => make(ENDLESS, { subject: 'mallory', signal }));
    const ended = Promise.race(hostile).catch(() => 'ended');
    for (const subject of ['alice', 'bob']) {
      expect(await Promise.race([make('<p>x', { subject }), ended])).toMatchObject({ text: 'x' });
    }
    expect(processes.running).toBe(3);
    const reason = new Error('enough');
    controller.abort(reason);
    const rejected = { status: 'rejected', reason };
    expect(await Promise.allSettled(hostile)).toEqual(hostile.map(() => rejected));
    // What was given up has ended, the other waits for its next page.
    expect(processes.running).toBe(1);
  });

  test('in time is told as the text that was found by then, or not at all', async () => {
    const { make, started } = openPageMaker({ timeoutMs: 700 });
    // Starting may take longer than that on a busy machine.
    const warm = () => vi.waitFor(() => make('<p>x'), { timeout: 20_000 });
    await warm();
    expect(await make(ENDLESS)).toMatchObject({ isPlain: true });
    expect(await warm()).toMatchObject({ text: 'x' });
    const { child } = started.at(-1) ?? {};
    child?.kill('SIGSTOP');
    await expect.poll(() => readFile(`/proc/${String(child?.pid)}/stat`, 'utf8')).toMatch(/\) T /);
    await expect(make('<p>x')).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'The page took longer than 0.7 seconds to read.',
      next: READS_IT,
    });
  });

  test('in memory is told as the text that was found by then, or not at all', async () => {
    const { make, started } = openPageMaker({ maxBytes: 1000, heapMb: 40, timeoutMs: 30_000 });
    expect(await make('<b>x</b>'.repeat(49_000))).toMatchObject({ isPlain: true });
    await expect(make('&lt;'.repeat(1_000_000))).rejects.toMatchObject({
      code: 'MEMORY_LIMIT',
      message: 'The page needs more memory to read than it may have.',
      next: READS_IT,
    });
    expect(started.map(({ child }) => child.signalCode)).toEqual(['SIGABRT', 'SIGABRT']);
  });
});
