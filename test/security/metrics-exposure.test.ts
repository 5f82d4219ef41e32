import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import { type Edge, startEdge } from '../fixtures/http-edge.ts';

const TOKEN = 'c2NyYXBlLW1lLWlmLXlvdS1jYW4';

let edge: Edge;
afterEach(() => edge.close());

const FORWARDED = [
  ['Forwarded', 'for=203.0.113.9'],
  ['X-Forwarded-For', '203.0.113.9'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'mcp.example.com'],
  ['X-Forwarded-Anything', ''],
  ['X-Real-IP', '127.0.0.1'],
  ['Via', '1.1 balancer'],
] as const;

describe('metrics', () => {
  it('are given to a scraper that comes directly from this machine', async () => {
    edge = await startEdge();
    const response = await request(edge.url).get('/metrics').expect(200);
    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(response.text).toContain('fairlead_build_info{version="1.2.3"} 1');
  });

  it.each(FORWARDED)('are refused to what came through a balancer: %s', async (name, value) => {
    // A balancer that is trusted with addresses is trusted with nothing else.
    edge = await startEdge({ telemetry: { metricsToken: TOKEN }, http: { trustProxy: ['loopback'] } });
    const response = await request(edge.url).get('/metrics').set(name, value).expect(403);
    expect(response.text).not.toContain('fairlead_');
    await request(edge.url)
      .get('/metrics')
      .set(name, value)
      .set('Authorization', `Bearer ${TOKEN}`)
      .expect(200);
  });

  it.each([
    'Bearer wrong',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer`,
    'Bearer undefined',
    TOKEN,
    `Basic ${TOKEN}`,
    '',
  ])('are refused to a wrong token, wherever it comes from: %j', async (authorization) => {
    edge = await startEdge({ telemetry: { metricsToken: TOKEN } });
    await request(edge.url).get('/metrics').set('Authorization', authorization).expect(403);
  });

  it('are refused to any token where none is configured', async () => {
    edge = await startEdge();
    for (const token of ['undefined', '', 'null']) {
      await request(edge.url)
        .get('/metrics')
        .set('Via', '1.1 balancer')
        .set('Authorization', `Bearer ${token}`)
        .expect(403);
    }
  });

  it('are not given to a token in the query, which the log does not show either', async () => {
    edge = await startEdge({ telemetry: { metricsToken: TOKEN, logLevel: 'debug' } });
    await request(edge.url).get(`/metrics?token=${TOKEN}`).set('Via', '1.1 balancer').expect(403);
    expect(await edge.log()).not.toContain(TOKEN);
  });
});
