import express from 'express';
import request from 'supertest';
import { beforeEach, describe, expect, it } from 'vitest';
import { requirePrincipal } from '../../../src/auth/require-principal.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { Principal } from '../../../src/core/principal.ts';
import { openContext, principalOf } from '../../../src/core/request-context.ts';
import { ScopeSet } from '../../../src/core/scopes.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import { recordTelemetry, type RecordedTelemetry } from '../../fixtures/recorded-telemetry.ts';

const ADA: Principal = {
  subject: 'ada',
  clientId: 'agent',
  scopes: ScopeSet.of(['files:read']),
  expiresAt: 4_102_444_800,
};

let telemetry: RecordedTelemetry;
let presented: string[];

beforeEach(() => {
  telemetry = recordTelemetry();
  presented = [];
});

function app(authenticate: (token: string) => Principal | Promise<Principal> = () => ADA) {
  const authenticator = {
    authenticate(token: string) {
      presented.push(token);
      return authenticate(token);
    },
  };
  return express()
    .use((incoming, _response, next) => {
      openContext(incoming, { id: 'r', logger: telemetry.logger, address: '192.0.2.1', route: '/mcp' });
      next();
    })
    .use(requirePrincipal({ authenticator, telemetry, clock: new ManualClock() }))
    .all('/mcp', (incoming, response) => {
      response.json({ subject: principalOf(incoming).subject, unread: !incoming.readableDidRead });
    })
    .use(((error: Error, _request, response, next) => {
      if (response.headersSent) next(error);
      else if (error instanceof AppError) response.status(error.status).json({ code: error.code });
      else response.status(500).json({ code: error.message });
    }) satisfies express.ErrorRequestHandler);
}

describe('a request with a token', () => {
  it.each(['Bearer secret', 'bearer secret', 'BEARER   secret '])(
    'passes with "%s"',
    async (authorization) => {
      const response = await request(app())
        .post('/mcp')
        .set('Authorization', authorization)
        .send('x')
        .expect(200);
      expect(response.body).toEqual({ subject: 'ada', unread: true });
      expect(presented).toEqual(['secret']);
      expect(telemetry.auths).toEqual(['bearer:ok']);
    },
  );

  it('passes when the answer has to be awaited', async () => {
    await request(app(() => Promise.resolve(ADA)))
      .post('/mcp')
      .set('Authorization', 'Bearer secret')
      .expect(200);
  });

  it.each([
    ['INVALID_TOKEN', 401, 'bearer:invalid'],
    ['UNAVAILABLE', 503, 'bearer:unavailable'],
  ] as const)('is refused with %s, thrown or rejected', async (code, status, counted) => {
    const error = new AppError(code, 'No.');
    const thrown = app(() => {
      throw error;
    });
    const rejected = app(() => Promise.reject(error));
    for (const server of [thrown, rejected]) {
      const response = await request(server).get('/mcp').set('Authorization', 'Bearer secret').expect(status);
      expect(response.body).toEqual({ code });
    }
    expect(telemetry.auths).toEqual([counted, counted]);
  });

  it('stands in the audit log when it was refused, without the token', async () => {
    const server = app(() => {
      throw new AppError('INVALID_TOKEN', 'The access token has expired.');
    });
    await request(server).get('/mcp').set('Authorization', 'Bearer secret').expect(401);
    expect(telemetry.audits).toMatchObject([
      { action: 'token.refused', address: '192.0.2.1', details: { reason: 'The access token has expired.' } },
    ]);
    expect(JSON.stringify([telemetry.audits, telemetry.lines])).not.toContain('secret');
  });

  it('is no principal when the authenticator fails in an unknown way', async () => {
    const server = app(() => {
      throw new Error('broken');
    });
    await request(server).get('/mcp').set('Authorization', 'Bearer secret').expect(500, { code: 'broken' });
    expect(telemetry.auths).toEqual(['bearer:unavailable']);
  });
});

describe('a request without a usable token', () => {
  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic dXNlcjpwYXNz',
    'secret',
    'DPoP secret',
    'Bearersecret',
  ])('is refused with "%s"', async (authorization) => {
    const call = request(app()).post('/mcp');
    if (authorization !== undefined) call.set('Authorization', authorization);
    await call.expect(401, { code: 'UNAUTHENTICATED' });
    expect(presented).toEqual([]);
    expect(telemetry.auths).toEqual(['bearer:missing']);
    expect(telemetry.audits).toEqual([]);
  });

  it('is refused when the header is longer than 8 KB', async () => {
    await request(app())
      .get('/mcp')
      .set('Authorization', `Bearer ${'a'.repeat(8192)}`)
      .expect(401, { code: 'INVALID_TOKEN' });
    expect(presented).toEqual([]);
  });

  it('is refused when it has two Authorization headers', async () => {
    const call = request(app()).get('/mcp');
    // The types know several values of `Set-Cookie` only.
    call.set('Authorization', ['Bearer one', 'Bearer two'] as unknown as string);
    await call.expect(400, { code: 'BAD_REQUEST' });
    expect(presented).toEqual([]);
  });

  it.each(['/mcp?access_token=secret', '/mcp?a=1&access%5Ftoken=secret', '/mcp?access_token'])(
    'is refused at %s, with or without a good header',
    async (url) => {
      await request(app()).get(url).expect(401, { code: 'UNAUTHENTICATED' });
      await request(app())
        .get(url)
        .set('Authorization', 'Bearer good')
        .expect(401, { code: 'UNAUTHENTICATED' });
      expect(presented).toEqual([]);
      expect(JSON.stringify([telemetry.audits, telemetry.lines])).not.toContain('secret');
    },
  );
});
