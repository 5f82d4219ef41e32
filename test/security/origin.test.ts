import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { type Edge, startEdge } from '../fixtures/http-edge.ts';

/** A server whose every route, but for the public documents, is behind authentication that nobody passes. */
async function start(http: object): Promise<Edge> {
  return startEdge({
    http,
    challenge: (error) => (error.status === 401 ? 'Bearer' : undefined),
    routes: (app) => {
      app.get(['/.well-known/oauth-protected-resource', '/jwks'], (_incoming, response) => {
        response.json({});
      });
      app.use(() => {
        throw new AppError('UNAUTHENTICATED', 'A token is needed.');
      });
    },
  });
}

const EXPOSED = [
  'WWW-Authenticate',
  'DPoP-Nonce',
  'Mcp-Session-Id',
  'Mcp-Protocol-Version',
  'Retry-After',
  'X-Request-Id',
];

describe('a public server', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await start({
      host: '0.0.0.0',
      publicUrl: 'https://mcp.example.com',
      allowedHosts: ['127.0.0.1'],
      allowedOrigins: ['https://App.example.com:443', 'vscode-webview://editor'],
    });
  });
  afterAll(() => edge.close());

  it.each(['https://mcp.example.com', 'https://app.example.com', 'vscode-webview://editor'])(
    'lets pages of %s through to authentication, and lets them read its answer',
    async (origin) => {
      const response = await request(edge.url).post('/mcp').set('Origin', origin).expect(401);
      expect(response.headers['access-control-allow-origin']).toBe(origin);
      expect(response.headers['access-control-expose-headers']).toBe(EXPOSED.join(','));
      expect(response.headers['access-control-allow-credentials']).toBeUndefined();
      expect(response.headers['vary']).toBe('Origin');
    },
  );

  it.each([
    'https://evil.example',
    'http://mcp.example.com',
    'https://mcp.example.com:8443',
    'https://mcp.example.com.evil.example',
    'https://sub.mcp.example.com',
    'http://localhost:6274',
    'http://127.0.0.1:6274',
    'null',
    '',
    '*',
    'https://mcp.example.com/',
    'HTTPS://MCP.EXAMPLE.COM',
    'https://mcp.example.com, https://evil.example',
  ])('refuses pages of %j before authentication', async (origin) => {
    for (const path of ['/mcp', '/token', '/register', '/revoke', '/interaction/uid/consent', '/']) {
      const response = await request(edge.url).post(path).set('Origin', origin);
      expect(response.status).toBe(403);
      expect(JSON.stringify(response.body)).toMatch(/origin_refused/i);
      expect(response.headers['access-control-allow-origin']).toBeUndefined();
      expect(response.headers['www-authenticate']).toBeUndefined();
    }
  });

  it('lets whoever is no page through to authentication', async () => {
    await request(edge.url).post('/mcp').expect(401);
  });

  it('answers the preflight of an allowed page with 204, what it may send and for how long', async () => {
    const response = await request(edge.url)
      .options('/mcp')
      .set('Origin', 'https://app.example.com')
      .set('Access-Control-Request-Method', 'POST')
      .set('Access-Control-Request-Headers', 'authorization,mcp-param-region,mcp-param-<x>,x-other')
      .expect(204);
    expect(response.headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(response.headers['access-control-allow-methods']).toBe('GET,HEAD,POST,DELETE');
    const allowed = String(response.headers['access-control-allow-headers']).split(',');
    expect(allowed).toEqual(
      expect.arrayContaining([
        'Authorization',
        'Content-Type',
        'DPoP',
        'Last-Event-ID',
        'Mcp-Method',
        'Mcp-Name',
        'Mcp-Protocol-Version',
        'Mcp-Session-Id',
        'mcp-param-region',
        'traceparent',
        'tracestate',
      ]),
    );
    expect(allowed).not.toContain('x-other');
    expect(allowed.join()).not.toContain('<');
    expect(Number(response.headers['access-control-max-age'])).toBeGreaterThan(0);
  });

  it.each(['https://evil.example', 'null'])(
    'answers the preflight of %s with 204 and nothing that allows it',
    async (origin) => {
      const response = await request(edge.url)
        .options('/token')
        .set('Origin', origin)
        .set('Access-Control-Request-Method', 'POST')
        .expect(204);
      expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    },
  );

  it('never asks a preflight to authenticate, not even one that names no origin', async () => {
    await request(edge.url).options('/mcp').expect(204);
  });

  it.each(['/.well-known/oauth-protected-resource', '/jwks'])('lets any page read %s', async (path) => {
    for (const origin of ['https://evil.example', 'null']) {
      const response = await request(edge.url).get(path).set('Origin', origin).expect(200);
      expect(response.headers['access-control-allow-origin']).toBe('*');
      const preflight = await request(edge.url).options(path).set('Origin', origin).expect(204);
      expect(preflight.headers['access-control-allow-origin']).toBe('*');
    }
    await request(edge.url).post(path).set('Origin', 'https://evil.example').expect(403);
  });
});

describe('a server bound to loopback', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await start({});
  });
  afterAll(() => edge.close());

  it.each(['http://localhost:6274', 'http://127.0.0.1:1', 'http://[::1]:3000', 'https://localhost'])(
    'accepts pages of %s',
    async (origin) => {
      const response = await request(edge.url).post('/mcp').set('Origin', origin).expect(401);
      expect(response.headers['access-control-allow-origin']).toBe(origin);
    },
  );

  it.each([
    'https://evil.example',
    'http://localhost.evil.example',
    'http://localhost:6274/',
    'http://127.0.0.1.evil.example',
    'http://evil.example:6274',
    'http://user@localhost:6274',
    'ftp://localhost',
    'null',
  ])('refuses pages of %s', async (origin) => {
    await request(edge.url).post('/mcp').set('Origin', origin).expect(403);
  });
});
