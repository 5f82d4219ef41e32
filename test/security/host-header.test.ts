import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Edge, sendRaw, startEdge } from '../fixtures/http-edge.ts';

/** The head of a request without its host. */
function get(target: string, ...headers: string[]): string {
  return [`GET ${target} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n');
}

async function statusOf(edge: Edge, request: string): Promise<number> {
  return Number((await sendRaw(edge.port, request)).split(' ')[1]);
}

async function start(http: object): Promise<Edge> {
  return startEdge({
    http,
    routes: (app) => {
      app.use((incoming, response) => {
        response.end(`reached ${incoming.originalUrl}`);
      });
    },
  });
}

describe('a server bound to loopback', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await start({ allowedHosts: ['mcp.internal', 'ported.internal:8443'] });
  });
  afterAll(() => edge.close());

  it.each([
    'localhost',
    'LOCALHOST:3000',
    'localhost.',
    '127.0.0.1',
    '127.0.0.1:65535',
    '[::1]',
    '[0:0:0:0:0:0:0:1]:3000',
    'mcp.internal',
    'MCP.Internal.:8080',
    'ported.internal:8443',
  ])('answers for %s', async (host) => {
    expect(await statusOf(edge, get('/mcp', `Host: ${host}`))).toBe(200);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:3000',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    'evil.example#localhost',
    'localhost,evil.example',
    'ported.internal',
    'ported.internal:443',
    '0.0.0.0',
    '192.168.0.1',
    '[::]',
    '[::ffff:127.0.0.1',
    '127.1',
    '2130706433',
    'localhost:80:80',
    'localhost:99999999',
    'localhost:x',
    ' ',
    '*',
    'локалхост',
  ])('answers 421 for %s', async (host) => {
    expect(await statusOf(edge, get('/mcp', `Host: ${host}`))).toBe(421);
  });

  it('refuses before anything else looks at the request', async () => {
    const answer = await sendRaw(
      edge.port,
      get('/mcp', 'Host: evil.example', 'Origin: https://evil.example'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(answer).toContain('HOST_REFUSED');
    expect(answer).not.toMatch(/access-control/i);
  });

  it.each(['/health', '/metrics', '/token', '/.well-known/oauth-protected-resource', '/'])(
    'answers 421 at %s too',
    async (path) => {
      expect(await statusOf(edge, get(path, 'Host: evil.example'))).toBe(421);
    },
  );

  it.each(['/health/live', '/health/ready'])('lets a balancer ask %s by address', async (path) => {
    expect(await statusOf(edge, get(path, 'Host: 10.0.0.7:3000'))).toBe(200);
  });

  it('refuses two hosts, no host and an empty host', async () => {
    expect(await statusOf(edge, get('/mcp', 'Host: localhost', 'Host: evil.example'))).toBe(400);
    expect(await statusOf(edge, get('/mcp', 'Host: localhost', 'hOST: localhost'))).toBe(400);
    expect(await statusOf(edge, get('/mcp'))).toBe(400);
    expect(await statusOf(edge, 'GET /mcp HTTP/1.0\r\n\r\n')).toBe(421);
    expect(await statusOf(edge, get('/mcp', 'Host:'))).toBe(421);
  });

  it('does not let a forwarded host stand in for the real one', async () => {
    const headers = ['Host: evil.example', 'X-Forwarded-Host: localhost', 'Forwarded: host=localhost'];
    expect(await statusOf(edge, get('/mcp', ...headers))).toBe(421);
  });

  it('judges the host that the request target names', async () => {
    expect(await statusOf(edge, get('http://evil.example/mcp', 'Host: localhost'))).toBe(421);
    expect(await statusOf(edge, get('http://localhost/mcp', 'Host: evil.example'))).toBe(421);
    expect(await statusOf(edge, get('http://localhost@evil.example/mcp', 'Host: localhost'))).toBe(421);
    expect(await statusOf(edge, get('ftp:///mcp', 'Host: localhost'))).toBe(421);
  });

  it('routes an absolute target by its path', async () => {
    const answer = await sendRaw(edge.port, get('http://localhost:3000/mcp?a=1', 'Host: localhost'));
    expect(answer).toContain('reached /mcp?a=1');
  });
});

describe('a server behind a public URL', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await start({ host: '0.0.0.0', publicUrl: 'https://mcp.example.com' });
  });
  afterAll(() => edge.close());

  it.each(['mcp.example.com', 'mcp.example.com:443', 'MCP.EXAMPLE.COM.'])('answers for %s', async (host) => {
    expect(await statusOf(edge, get('/mcp', `Host: ${host}`))).toBe(200);
  });

  it.each([
    'localhost',
    '127.0.0.1',
    '[::1]',
    'example.com',
    'x.mcp.example.com',
    'mcp.example.com.evil.example',
  ])('answers 421 for %s', async (host) => {
    expect(await statusOf(edge, get('/mcp', `Host: ${host}`))).toBe(421);
  });
});
