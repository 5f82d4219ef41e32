import { tmpdir } from 'node:os';
import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HealthReport } from '../../../src/core/health.ts';
import { diskCheck, listenForMetrics, storeCheck } from '../../../src/http/index.ts';
import { type Edge, startEdge } from '../../fixtures/http-edge.ts';

let edge: Edge;
afterEach(() => edge.close());

const ok = { name: 'store', check: () => Promise.resolve<HealthReport>({ status: 'ok' }) };
const failed = {
  name: 'workspace',
  check: () => Promise.resolve<HealthReport>({ status: 'failed', detail: 'not mounted' }),
};
const degraded = {
  name: 'source',
  check: () => Promise.resolve<HealthReport>({ status: 'degraded', detail: 'slow' }),
};

describe('readiness', () => {
  it('is 200 while every check passes or is merely degraded', async () => {
    edge = await startEdge({ checks: [ok, degraded] });
    const response = await request(edge.url).get('/health/ready').expect(200);
    expect(response.body).toEqual({
      status: 'degraded',
      checks: [
        { name: 'store', status: 'ok' },
        { name: 'source', status: 'degraded' },
      ],
    });
  });

  it('is 503 when a check fails', async () => {
    edge = await startEdge({ checks: [ok, failed] });
    const response = await request(edge.url).get('/health/ready').expect(503);
    expect(response.body).toMatchObject({ status: 'failed' });
  });

  it('takes a check that throws, or does not answer in time, for failed', async () => {
    edge = await startEdge({
      http: { healthCheckTimeoutMs: 50 },
      checks: [
        { name: 'throws', check: () => Promise.reject(new Error('secret detail')) },
        { name: 'hangs', check: () => new Promise<HealthReport>(() => undefined) },
      ],
    });
    const response = await request(edge.url).get('/health').expect(503);
    expect(response.body).toMatchObject({
      checks: [
        { name: 'throws', status: 'failed', detail: 'the check failed' },
        { name: 'hangs', status: 'failed', detail: 'no answer within 50 ms' },
      ],
    });
  });

  it('runs the checks once, however many ask', async () => {
    const check = vi.fn(ok.check);
    edge = await startEdge({ checks: [{ name: 'store', check }] });
    await Promise.all(Array.from({ length: 50 }, () => request(edge.url).get('/health/ready').expect(200)));
    expect(check).toHaveBeenCalledTimes(1);
  });

  it('notices a change within a second or so, and logs it once', async () => {
    let report: HealthReport = { status: 'ok' };
    edge = await startEdge({ checks: [{ name: 'store', check: () => Promise.resolve(report) }] });
    await request(edge.url).get('/health/ready').expect(200);
    report = { status: 'failed', detail: 'away' };
    await vi.waitFor(() => request(edge.url).get('/health/ready').expect(503), {
      timeout: 5000,
      interval: 100,
    });
    await vi.waitFor(async () => {
      const changes = (await edge.lines()).filter((line) => line['msg'] === 'health changed');
      expect(changes).toMatchObject([{ level: 'warn', check: 'store', status: 'failed', detail: 'away' }]);
    });
  });
});

describe('the summary', () => {
  it('tells an operator the details', async () => {
    edge = await startEdge({ checks: [ok, failed] });
    const response = await request(edge.url).get('/health').expect(503);
    expect(response.body).toEqual({
      status: 'failed',
      version: '1.2.3',
      uptime_seconds: expect.any(Number) as unknown,
      checks: [
        { name: 'store', status: 'ok' },
        { name: 'workspace', status: 'failed', detail: 'not mounted' },
      ],
    });
  });

  it('tells a stranger names and states only', async () => {
    edge = await startEdge({ checks: [failed] });
    const response = await request(edge.url).get('/health').set('X-Forwarded-For', '203.0.113.9');
    expect(response.body).toMatchObject({ checks: [{ name: 'workspace', status: 'failed' }] });
    expect(response.text).not.toContain('not mounted');
  });
});

it('liveness depends on nothing', async () => {
  edge = await startEdge({ checks: [failed] });
  await request(edge.url).get('/health/live').expect(200, { status: 'ok' });
});

it.each(['/health', '/health/live', '/health/ready', '/metrics'])('%s can only be read', async (path) => {
  edge = await startEdge();
  const response = await request(edge.url).post(path).expect(405);
  expect(response.headers['allow']).toBe('GET, HEAD');
  await request(edge.url).head(path).expect(200);
});

describe('the checks of the edge', () => {
  it('pass with a store that answers and a disk that has room', async () => {
    edge = await startEdge();
    expect(await storeCheck({ ping: () => Promise.resolve() }).check()).toEqual({ status: 'ok' });
    expect(await diskCheck(tmpdir(), 1).check()).toEqual({ status: 'ok' });
  });

  it('fail with a store that is away and a disk that is full', async () => {
    edge = await startEdge({
      checks: [
        storeCheck({ ping: () => Promise.reject(new Error('away')) }),
        diskCheck(tmpdir(), Number.MAX_SAFE_INTEGER),
      ],
    });
    const response = await request(edge.url).get('/health').expect(503);
    expect(response.body).toMatchObject({
      checks: [
        { name: 'store', status: 'failed' },
        {
          name: 'disk',
          status: 'failed',
          detail: expect.stringMatching(/^\d+ MiB free, \d+ MiB needed$/) as unknown,
        },
      ],
    });
  });
});

it('metrics with a listener of their own are there, and nowhere else', async () => {
  edge = await startEdge({ telemetry: { metricsPort: 9464 } });
  await request(edge.url).get('/metrics').expect(404);
  const own = await listenForMetrics(edge.telemetry, {
    metricsPort: 0,
    metricsHost: '127.0.0.1',
    metricsToken: 'key',
  });
  try {
    const response = await request(own.url.origin).get('/metrics').expect(200);
    expect(response.text).toContain('fairlead_build_info');
    await request(own.url.origin).get('/metrics').set('Via', '1.1 balancer').expect(403);
    await request(own.url.origin).get('/metrics').set('Authorization', 'Bearer wrong').expect(403);
    await request(own.url.origin).post('/metrics').expect(404);
    await request(own.url.origin).get('/health').expect(404);
  } finally {
    await own.close();
  }
});
