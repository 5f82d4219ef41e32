import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import { type Edge, startEdge } from '../../fixtures/http-edge.ts';

let edge: Edge;
afterEach(() => edge.close());

async function headersOf(path: string, http: object = {}): Promise<Record<string, string | undefined>> {
  edge = await startEdge({
    http,
    routes: (app) => {
      app.use((_incoming, response) => {
        response.end();
      });
    },
  });
  const response = await request(edge.url).get(path).set('Host', 'localhost').expect(200);
  return response.headers;
}

describe('a page', () => {
  it.each(['/', '/account', '/setup/token', '/interaction/uid', '/authorize'])(
    'at %s may not be framed, scripted or kept, and sends its own forms with their origin',
    async (path) => {
      const headers = await headersOf(path);
      const policy = headers['content-security-policy'];
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("base-uri 'none'");
      expect(policy).not.toMatch(/script-src|unsafe/);
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['referrer-policy']).toBe('same-origin');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['x-powered-by']).toBeUndefined();
    },
  );

  it('sends its forms to this server only, unless the way back to a client follows from them', async () => {
    const policies: Record<string, boolean> = {};
    for (const path of ['/', '/account', '/setup/token', '/interaction/uid', '/authorize']) {
      const headers = await headersOf(path);
      policies[path] = headers['content-security-policy']?.includes("form-action 'self'") ?? false;
      if (path !== '/authorize') await edge.close();
    }
    expect(policies).toEqual({
      '/': true,
      '/account': true,
      '/setup/token': true,
      '/interaction/uid': false,
      '/authorize': false,
    });
  });
});

describe('every other answer', () => {
  it.each(['/mcp', '/token', '/.well-known/x', '/nothing'])(
    'at %s may not be kept, guessed or run',
    async (path) => {
      const headers = await headersOf(path);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
    },
  );
});

describe('HSTS', () => {
  it.each(['/', '/mcp'])('is announced at %s where the public URL is https, and only there', async (path) => {
    const secure = await headersOf(path, {
      publicUrl: 'https://mcp.example.com',
      allowedHosts: ['localhost'],
    });
    expect(secure['strict-transport-security']).toMatch(/^max-age=31536000/);
    await edge.close();
    expect((await headersOf(path))['strict-transport-security']).toBeUndefined();
  });
});
