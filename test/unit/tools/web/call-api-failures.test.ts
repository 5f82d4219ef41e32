import { describe, expect, it } from 'vitest';
import { openApi } from '../../../fixtures/web-api.ts';
import { openWebTools } from '../../../fixtures/web-tools.ts';

describe('an API that fails', () => {
  it.each([
    [422, 'correct the call by what the API said'],
    [500, 'the same call later'],
  ])('with %i is HTTP_STATUS with what it said', async (status, next) => {
    const { fail, seen } = await openApi({ retries: 0 }, (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{ "error": "no such field" }');
    });
    expect(await fail({ path: '/x' })).toMatchObject({
      code: 'HTTP_STATUS',
      message: expect.stringMatching(
        new RegExp(
          `^GET /x of tracker answered ${status} [^\\n]*\\.\n\\[begin ([0-9a-f]{12}): answer of the API tracker\\. [^\\n]*\n\\{"error":"no such field"\\}\n\\[end \\1\\]\n$`,
        ),
      ) as string,
      next,
    });
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['GET', 503, 3],
    ['PUT', 502, 3],
    ['DELETE', 429, 3],
    ['POST', 503, 1],
    ['PATCH', 503, 1],
    ['GET', 500, 1],
    ['GET', 404, 1],
  ])('a %s that is answered %i is sent %i times', async (method, status, times) => {
    const options = { methods: [method], retries: 2, breakAfter: 100 };
    const { fail, seen } = await openApi(options, (_, response) => {
      response.writeHead(status, { 'retry-after': '0' }).end();
    });
    expect(await fail({ path: '/', method })).toMatchObject({ code: 'HTTP_STATUS' });
    expect(seen).toHaveLength(times);
  });

  it('is asked again until it answers, after a pause of its own choice if that is short', async () => {
    let count = 0;
    const { call, seen } = await openApi({}, (request, response) => {
      count++;
      if (count === 1) request.socket.destroy();
      else
        response.writeHead(count === 2 ? 503 : 200, count === 2 ? { 'retry-after': '0' } : {}).end('there');
    });
    expect(await call({ path: '/' })).toContain('there');
    expect(seen).toHaveLength(3);
  });

  it('is not waited for longer than it is worth: a long Retry-After is told instead', async () => {
    const { fail, seen } = await openApi({}, (_, response) =>
      response.writeHead(429, { 'retry-after': '3600' }).end(),
    );
    expect(await fail({ path: '/' })).toMatchObject({ code: 'HTTP_STATUS', retryAfter: 3600 });
    expect(seen).toHaveLength(1);
  });

  it('is left alone after a row of failures, shows as degraded, and is tried again', async () => {
    let isWell = false;
    const { web, call, fail, seen } = await openApi({ retries: 0, breakAfter: 2 }, (_, response) => {
      response.writeHead(isWell ? 200 : 500).end('fine');
    });
    const [check] = web.feature.checks;
    expect(await check?.check()).toEqual({ status: 'ok' });
    for (let round = 0; round < 2; round++)
      expect(await fail({ path: '/' })).toMatchObject({ code: 'HTTP_STATUS' });
    expect(await fail({ path: '/' })).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfter: 1 });
    expect(await check?.check()).toEqual({ status: 'degraded', detail: 'its last 2 requests failed' });
    expect(check?.name).toBe('api:tracker');
    expect(seen).toHaveLength(2);
    isWell = true;
    await expect.poll(() => call({ path: '/' }).catch(() => '')).toContain('fine');
    expect(await check?.check()).toEqual({ status: 'ok' });
  });

  it('is not blamed for wrong requests, nor for callers that go away', async () => {
    const { web, fail } = await openApi({ breakAfter: 1, retries: 0 }, ({ url }, response) => {
      if (url?.endsWith('/wait') !== true) response.writeHead(400).end();
    });
    for (let round = 0; round < 3; round++)
      expect(await fail({ path: '/' })).toMatchObject({ code: 'HTTP_STATUS' });
    const reason = new Error('enough');
    const controller = new AbortController();
    const call = web.text('call_api', { api: 'tracker', path: '/wait' }, { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(await web.feature.checks[0]?.check()).toEqual({ status: 'ok' });
  });

  it('is blamed although callers go away in between', async () => {
    const { web, fail, seen } = await openApi({ breakAfter: 2, retries: 0 }, ({ url }, response) => {
      if (url?.endsWith('/wait') !== true) response.writeHead(500).end();
    });
    await fail({ path: '/' });
    const controller = new AbortController();
    const call = web.text('call_api', { api: 'tracker', path: '/wait' }, { signal: controller.signal });
    await expect.poll(() => seen.length).toBe(2);
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await fail({ path: '/' });
    expect(await web.feature.checks[0]?.check()).toMatchObject({ status: 'degraded' });
  });

  it('a call ends while it waits for another one to try whether the API is well', async () => {
    const { call, fail, seen } = await openApi({ breakAfter: 1, retries: 0 }, ({ url }, response) => {
      if (url?.endsWith('/wait') !== true) response.writeHead(500).end();
    });
    await fail({ path: '/' });
    const trial = new AbortController();
    const trials: Promise<unknown>[] = [];
    await expect
      .poll(() => {
        trials.push(call({ path: '/wait' }, { signal: trial.signal }).catch(() => undefined));
        return seen.length;
      })
      .toBe(2);
    const state = { isTried: false };
    const tried = Promise.all(trials).then(() => {
      state.isTried = true;
    });
    const waiting = new AbortController();
    const second = call({ path: '/' }, { signal: waiting.signal });
    waiting.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    expect([seen.length, state.isTried]).toEqual([2, false]);
    trial.abort();
    await tried;
  });

  it.each(['POST', 'PATCH'])(
    'may have done what a %s asked for, which is not to be repeated blindly',
    async (method) => {
      const { fail } = await openApi({ methods: [method], timeoutMs: 100 }, () => undefined);
      expect(await fail({ path: '/', method, body: 'x' })).toMatchObject({
        code: 'TIMEOUT',
        next: expect.stringMatching(/^look first whether it was done/) as string,
      });
    },
  );

  it('by not answering is a TIMEOUT, which counts as a failure', async () => {
    const { web, fail } = await openApi({ timeoutMs: 100, breakAfter: 1 }, () => undefined);
    expect(await fail({ path: '/' })).toMatchObject({ code: 'TIMEOUT' });
    expect(await web.feature.checks[0]?.check()).toMatchObject({ status: 'degraded' });
  });

  it('by being away is SOURCE_UNAVAILABLE, without its address', async () => {
    const web = await openWebTools({
      apis: [{ name: 'gone', description: 'Gone.', baseUrl: 'http://127.0.0.1:9', retries: 0 }],
    });
    const error = await web.failure('call_api', { api: 'gone', path: '/' });
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', message: 'The API gone cannot be reached.' });
  });

  it('by answering too much is FILE_TOO_LARGE', async () => {
    const { fail } = await openApi({ maxBytes: 1024 }, (_, response) => response.end('x'.repeat(2000)));
    expect(await fail({ path: '/' })).toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  it('a call ends while it waits for the next attempt', async () => {
    const { web, seen } = await openApi({ breakAfter: 100 }, (_, response) =>
      response.writeHead(503, { 'retry-after': '9' }).end(),
    );
    const controller = new AbortController();
    const reason = new Error('enough');
    const call = web.text('call_api', { api: 'tracker', path: '/' }, { signal: controller.signal });
    await expect.poll(() => seen.length).toBe(1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(seen).toHaveLength(1);
  });
});
