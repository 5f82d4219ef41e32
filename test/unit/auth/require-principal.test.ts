import express from 'express';
import request from 'supertest';
import { beforeEach, describe, expect, it } from 'vitest';
import { requirePrincipal } from '../../../src/auth/require-principal.ts';
import { Possession } from '../../../src/auth/dpop/possession.ts';
import type { DpopOption } from '../../../src/auth/options/dpop.ts';
import type { Authenticated } from '../../../src/core/authenticator.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { Principal } from '../../../src/core/principal.ts';
import { openContext, principalOf } from '../../../src/core/request-context.ts';
import { ScopeSet } from '../../../src/core/scopes.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import { recordTelemetry, type RecordedTelemetry } from '../../fixtures/recorded-telemetry.ts';
import { principalOf as aPrincipal } from '../../fixtures/principal.ts';

const ADA: Principal = aPrincipal({
  subject: 'ada',
  clientId: 'agent',
  scopes: ScopeSet.of(['files:read']),
  expiresAt: 4_102_444_800,
});

const ALONE: Authenticated = { principal: ADA, keyThumbprint: undefined };
const BOUND: Authenticated = { principal: ADA, keyThumbprint: 'x'.repeat(43) };

let telemetry: RecordedTelemetry;
let presented: string[];
let used: Map<string, string>;

/** A store that knows which proofs were used. */
const store = {
  swap(key: string, _expected: string | undefined, next: string | undefined): Promise<boolean> {
    if (used.has(key)) return Promise.resolve(false);
    used.set(key, next ?? '');
    return Promise.resolve(true);
  },
};

beforeEach(() => {
  telemetry = recordTelemetry();
  presented = [];
  used = new Map();
});

function app(
  authenticate: (token: string) => Authenticated | Promise<Authenticated> = () => ALONE,
  dpop: DpopOption = 'optional',
) {
  const clock = new ManualClock();
  const possession = new Possession({
    publicUrl: new URL('https://fairlead.example'),
    secrets: () => ['shared'],
    ...{ store, clock },
  });
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
    .use(requirePrincipal({ authenticator, telemetry, clock, dpop, possession }))
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
    await request(app(() => Promise.resolve(ALONE)))
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
    'DPoP',
    'DPoPsecret',
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

describe('a token that is bound to a key', () => {
  it.each(['optional', 'required', 'off'] as const)('is refused as a bearer token (%s)', async (dpop) => {
    for (const answer of [BOUND, Promise.resolve(BOUND)]) {
      const response = await request(app(() => answer, dpop))
        .get('/mcp')
        .set('Authorization', 'Bearer secret')
        .expect(401);
      expect(response.body).toEqual({ code: dpop === 'required' ? 'UNAUTHENTICATED' : 'INVALID_TOKEN' });
    }
  });

  it('is refused without a proof, and whom it speaks for stands in the audit log', async () => {
    const response = await request(app(() => BOUND))
      .get('/mcp')
      .set('Authorization', 'DPoP secret')
      .expect(401, { code: 'INVALID_PROOF' });
    expect(response.headers['dpop-nonce']).toMatch(/^[\w-]{43}$/);
    expect(telemetry.auths).toEqual(['dpop:invalid']);
    expect(telemetry.audits).toMatchObject([
      { action: 'token.refused', subject: 'ada', clientId: 'agent', address: '192.0.2.1' },
    ]);
  });

  it('is no token where this is turned off', async () => {
    await request(app(() => BOUND, 'off'))
      .get('/mcp')
      .set('Authorization', 'DPoP secret')
      .expect(401, { code: 'UNAUTHENTICATED' });
    expect(presented).toEqual([]);
  });
});

describe('a bearer token', () => {
  it('is refused where it claims to be bound', async () => {
    await request(app())
      .get('/mcp')
      .set('Authorization', 'DPoP secret')
      .expect(401, { code: 'INVALID_TOKEN' });
  });

  it('is not even looked at where tokens must be bound', async () => {
    await request(app(() => ALONE, 'required'))
      .get('/mcp')
      .set('Authorization', 'Bearer secret')
      .expect(401, { code: 'UNAUTHENTICATED' });
    expect(presented).toEqual([]);
  });
});
