import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { createTelemetry, type TelemetryHandle } from '../../../src/telemetry/index.ts';
import { telemetryOptions } from '../../../src/telemetry/options.ts';

const SECRET = 'hunter2-hunter2';
const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';

let folder: string;
let telemetry: TelemetryHandle;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-redaction-'));
  telemetry = await createTelemetry(telemetryOptions.parse({ logFile: path.join(folder, 'log') }), {
    version: '1.2.3',
    production: true,
  });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function logged(): Promise<string> {
  await telemetry.close();
  return readFile(path.join(folder, 'log'), 'utf8');
}

describe('a log line', () => {
  it.each([
    'authorization',
    'Authorization',
    'DPoP',
    'cookie',
    'set-cookie',
    'token',
    'access_token',
    'accessToken',
    'refresh_token',
    'id_token',
    'code',
    'code_verifier',
    'password',
    'client_secret',
    'clientSecret',
    'assertion',
    'client_assertion',
  ])('never shows a field named %s, at any depth', async (name) => {
    telemetry.logger.info({ [name]: SECRET }, 'flat');
    telemetry.logger.info({ a: { b: [{ [name]: SECRET }] } }, 'deep');
    telemetry.logger.info({ request: { headers: { [name]: [SECRET] } } }, 'list');
    const text = await logged();
    expect(text).not.toContain(SECRET);
    expect(text.match(/\[redacted\]/g)).toHaveLength(3);
  });

  it('never shows a secret field of a child logger', async () => {
    telemetry.logger.child({ token: SECRET, client_secret: SECRET }).info({ fine: 1 }, 'child');
    expect(await logged()).not.toContain(SECRET);
  });

  it.each([
    ['an authorization header', `failed with Bearer ${SECRET}`],
    ['a bound token', `failed with DPoP ${SECRET}`],
    ['a JWT', `cannot read ${JWT}`],
    ['a query parameter', `GET https://a.example/cb?state=x&code=${SECRET}&iss=y`],
    ['a form field', `body was client_secret=${SECRET}`],
  ])('never shows %s inside a text', async (_name, text) => {
    telemetry.logger.info({ text, deep: { text } }, 'text');
    telemetry.logger.error({ err: new Error(text, { cause: new Error(text) }) }, 'error');
    const log = await logged();
    expect(log).not.toContain(SECRET);
    expect(log).not.toContain(JWT);
  });

  it('shows of an error its type, message, stack, code and causes, and none of what libraries attach', async () => {
    const cause = Object.assign(new Error('connect failed'), {
      code: 'ECONNREFUSED',
      config: { anything: SECRET },
    });
    telemetry.logger.error({ err: new AppError('UNAVAILABLE', 'The store is away.', { cause }) }, 'failed');
    const line = JSON.parse(await logged()) as { err: Record<string, unknown> };
    expect(line.err).toEqual({
      type: 'AppError',
      message: 'The store is away.',
      errorCode: 'UNAVAILABLE',
      stack: expect.stringContaining('redaction.test') as unknown,
      cause: {
        type: 'Error',
        message: 'connect failed',
        errorCode: 'ECONNREFUSED',
        stack: expect.any(String) as unknown,
      },
    });
  });

  it('stays bounded, whatever is logged', async () => {
    const cycle: Record<string, unknown> = {
      list: Array.from({ length: 10_000 }, (_, index) => ({ index })),
    };
    cycle['self'] = cycle;
    telemetry.logger.info({ cycle }, 'large');
    expect((await logged()).length).toBeLessThan(100_000);
  });

  it('leaves sentences about proofs as they are', async () => {
    telemetry.logger.info({ reason: 'The DPoP proof is for another URL.' }, 'refused');
    expect(await logged()).toContain('The DPoP proof is for another URL.');
  });

  it('shows dates and URLs as text', async () => {
    telemetry.logger.info({ at: new Date(0), url: new URL('https://a.example/x?code=abc') }, 'values');
    const line = JSON.parse(await logged()) as Record<string, unknown>;
    expect(line['at']).toBe('1970-01-01T00:00:00.000Z');
    expect(line['url']).toBe('https://a.example/x?code=[redacted]');
  });
});
