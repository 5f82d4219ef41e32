import { describe, expect, it } from 'vitest';
import { httpOptions } from '../../../src/http/options.ts';
import { publicUrlOf } from '../../../src/http/index.ts';

function problemsOf(settings: object): string[] {
  const result = httpOptions.safeParse(settings);
  return result.success ? [] : result.error.issues.map((issue) => issue.path.join('.'));
}

describe('the settings of HTTP', () => {
  it('need not be given: the default is reachable from this machine only', () => {
    expect(httpOptions.parse({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      trustProxy: [],
      allowedOrigins: [],
    });
  });

  it.each([
    { publicUrl: 'https://mcp.example.com' },
    { publicUrl: 'https://mcp.example.com/' },
    { publicUrl: 'http://localhost:8080' },
    { trustProxy: ['loopback', '10.0.0.0/8', '2001:db8::/32', '192.0.2.1'] },
    { trustProxy: ['2'] },
    { allowedHosts: ['mcp.internal', 'mcp.internal:8443', '[::1]', '[2001:db8::1]:3000', '10.0.0.7'] },
    { allowedOrigins: ['https://app.example.com', 'http://localhost:6274', 'vscode-webview://abc'] },
  ])('accept %j', (settings) => {
    expect(problemsOf(settings)).toEqual([]);
  });

  it.each([
    [{ publicUrl: 'https://mcp.example.com/path' }, 'publicUrl'],
    [{ publicUrl: 'https://user:secret@mcp.example.com' }, 'publicUrl'],
    [{ publicUrl: 'ftp://mcp.example.com' }, 'publicUrl'],
    [{ publicUrl: 'mcp.example.com' }, 'publicUrl'],
    [{ trustProxy: ['0.0.0.0/0'] }, 'trustProxy.0'],
    [{ trustProxy: ['::/0'] }, 'trustProxy.0'],
    [{ trustProxy: ['true'] }, 'trustProxy.0'],
    [{ trustProxy: ['0'] }, 'trustProxy.0'],
    [{ trustProxy: ['1', 'loopback'] }, 'trustProxy'],
    [{ allowedHosts: ['https://mcp.internal'] }, 'allowedHosts.0'],
    [{ allowedHosts: ['*'] }, 'allowedHosts.0'],
    [{ allowedOrigins: ['*'] }, 'allowedOrigins.0'],
    [{ allowedOrigins: ['null'] }, 'allowedOrigins.0'],
    [{ allowedOrigins: ['https://app.example.com/path'] }, 'allowedOrigins.0'],
    [{ rateLimits: { mcpPerMinute: 0 } }, 'rateLimits.mcpPerMinute'],
  ])('refuse %j', (settings, problem) => {
    expect(problemsOf(settings)).toEqual([problem]);
  });
});

describe('the public URL', () => {
  it.each([
    [{ publicUrl: 'https://mcp.example.com' }, 'https://mcp.example.com/'],
    [{}, 'http://127.0.0.1:3000/'],
    [{ host: 'localhost', port: 8080 }, 'http://localhost:8080/'],
    [{ host: '0.0.0.0' }, 'http://127.0.0.1:3000/'],
    [{ host: '::' }, 'http://127.0.0.1:3000/'],
    [{ host: '::1' }, 'http://[::1]:3000/'],
  ])('of %j is %s', (settings, url) => {
    expect(publicUrlOf(httpOptions.parse(settings)).href).toBe(url);
  });
});
