import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { countingStore, type Edge, type EdgeSettings, startEdge } from '../../fixtures/http-edge.ts';

const edges: Edge[] = [];
afterEach(async () => {
  await Promise.all(edges.splice(0).map((edge) => edge.close()));
});

async function start(settings: EdgeSettings): Promise<Edge> {
  const edge = await startEdge({
    routes: (app) => {
      app.use((_incoming, response) => {
        response.json({});
      });
    },
    ...settings,
    http: { trustProxy: ['loopback'], ...settings.http },
  });
  edges.push(edge);
  return edge;
}

/** The status of each of so many requests from an address. */
async function statuses(edge: Edge, path: string, count: number, address = '203.0.113.1'): Promise<number[]> {
  const seen: number[] = [];
  for (let index = 0; index < count; index++) {
    const response = await request(edge.url).post(path).set('X-Forwarded-For', address);
    seen.push(response.status);
  }
  return seen;
}

describe('a budget', () => {
  it.each([
    ['/mcp', 'mcpPerMinute'],
    ['/token', 'tokenPerMinute'],
    ['/register', 'registerPerMinute'],
    ['/authorize', 'authorizePerMinute'],
  ])('of %s ends with 429 and the time to wait', async (path, setting) => {
    const edge = await start({ http: { rateLimits: { [setting]: 2 } } });
    expect(await statuses(edge, path, 3)).toEqual([200, 200, 429]);
    const response = await request(edge.url).post(path).set('X-Forwarded-For', '203.0.113.1');
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(JSON.stringify(response.body)).toMatch(/rate_limited/i);
  });

  it('is shared by the routes of one family, however they are spelt', async () => {
    const edge = await start({ http: { rateLimits: { authorizePerMinute: 6, tokenPerMinute: 3 } } });
    const seen = [];
    const paths = ['/authorize', '/AUTHORIZE/uid', '/interaction/uid/login', '/setup/x', '/account'];
    for (const path of [...paths, '/login/callback/corp']) {
      seen.push(...(await statuses(edge, path, 1)));
    }
    expect(seen).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await statuses(edge, '/authorize', 1)).toEqual([429]);
    expect(await statuses(edge, '/token/', 1)).toEqual([200]);
    expect(await statuses(edge, '/ToKeN', 3)).toEqual([200, 200, 429]);
  });

  it('is one for all addresses at which the protocol is spoken', async () => {
    const edge = await start({ http: { rateLimits: { mcpPerMinute: 3 } } });
    const seen = [];
    for (const path of ['/mcp', '/sse', '/messages', '/sse', '/mcp'])
      seen.push(...(await statuses(edge, path, 1)));
    expect(seen).toEqual([200, 200, 200, 429, 429]);
  });

  it('is one address’s own', async () => {
    const edge = await start({ http: { rateLimits: { tokenPerMinute: 1 } } });
    expect(await statuses(edge, '/token', 2, '203.0.113.1')).toEqual([200, 429]);
    expect(await statuses(edge, '/token', 2, '203.0.113.2')).toEqual([200, 429]);
  });

  it.each(['/mcp', '/token'])('of %s is one for a whole IPv6 network of 56 bits', async (path) => {
    const edge = await start({ http: { rateLimits: { tokenPerMinute: 1, mcpPerMinute: 1 } } });
    expect(await statuses(edge, path, 1, '2001:db8:0:1::1')).toEqual([200]);
    expect(await statuses(edge, path, 1, '2001:db8:0:2::9')).toEqual([429]);
    expect(await statuses(edge, path, 1, '2001:db8:0:100::1')).toEqual([200]);
  });

  it('is not touched by requests that no budget is for', async () => {
    const edge = await start({ http: { rateLimits: { authorizePerMinute: 1 } } });
    expect(await statuses(edge, '/jwks', 5)).toEqual([200, 200, 200, 200, 200]);
  });
});

describe('the counts', () => {
  it.each(['/token', '/register', '/authorize'])('of %s are shared by all replicas', async (path) => {
    const rateLimits = { tokenPerMinute: 2, registerPerMinute: 2, authorizePerMinute: 2 };
    const store = countingStore();
    const [one, other] = [
      await start({ store, http: { rateLimits } }),
      await start({ store, http: { rateLimits } }),
    ];
    expect(await statuses(one, path, 2)).toEqual([200, 200]);
    expect(await statuses(other, path, 1)).toEqual([429]);
  });

  it('refuse with 503 when the store is away, but for the MCP endpoint, which needs no store', async () => {
    const away = () => Promise.reject(new AppError('UNAVAILABLE', 'The store is away.', { retryAfter: 1 }));
    const edge = await start({ store: { increment: away, take: away } });
    expect(await statuses(edge, '/token', 1)).toEqual([503]);
    expect(await statuses(edge, '/register', 1)).toEqual([503]);
    expect(await statuses(edge, '/authorize', 1)).toEqual([503]);
    expect(await statuses(edge, '/mcp', 1)).toEqual([200]);
  });
});
