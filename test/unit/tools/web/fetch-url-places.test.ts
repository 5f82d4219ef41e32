import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { principalOf } from '../../../fixtures/principal.ts';
import { serveWeb, startWebTools, type WebBench } from '../../../fixtures/web-tools.ts';

let web: WebBench;

beforeAll(async () => {
  web = await startWebTools({ privateHosts: ['127.0.0.1', 'localhost'] });
});

afterAll(() => web.close());

describe('many calls at once', () => {
  it('of one person ask one host for three things at a time, and others meanwhile', async () => {
    const waiting: ServerResponse[] = [];
    const slow = await serveWeb((_, response) => waiting.push(response));
    const quick = await serveWeb((_, response) => response.end('quick'));
    const { port } = new URL(quick);
    const calls = Array.from({ length: 12 }, (_, index) =>
      web.text('fetch_url', { url: `${slow}/${index}` }),
    );
    await expect.poll(() => waiting.length).toBe(3);
    expect(await web.text('fetch_url', { url: `http://localhost:${port}/` })).toContain('quick');
    let answered = 0;
    while (answered < 12) {
      await expect.poll(() => waiting.length).toBeGreaterThan(0);
      expect(waiting.length).toBeLessThanOrEqual(3);
      for (const response of waiting.splice(0)) {
        response.end('slow');
        answered++;
      }
    }
    await Promise.all(calls);
  });

  it('of one person leave a place at the host to another', async () => {
    const waiting: ServerResponse[] = [];
    const slow = await serveWeb((_, response) => waiting.push(response));
    const ask = (subject: string) =>
      web.text('fetch_url', { url: `${slow}/${subject}` }, { principal: principalOf({ subject }) });
    const mallory = Array.from({ length: 20 }, () => ask('mallory'));
    await expect.poll(() => waiting.length).toBe(3);
    const alice = ask('alice');
    await expect.poll(() => waiting.at(3)?.req.url).toBe('/alice');
    waiting.at(3)?.end('hers');
    expect(await alice).toContain('hers');
    const answering = setInterval(() => waiting.splice(0).map((response) => response.end('slow')), 1);
    await Promise.all(mallory);
    clearInterval(answering);
  });

  it('end with their signals, and their connections with them', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const controller = new AbortController();
    const asked = once(server, 'request');
    const call = web.text('fetch_url', { url: `http://127.0.0.1:${port}/` }, { signal: controller.signal });
    const [request] = (await asked) as [{ socket: { once(event: string, listener: () => void): void } }];
    const closed = new Promise<void>((resolve) => {
      request.socket.once('close', resolve);
    });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await closed;
    server.close();
  });
});
