import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type ConnectionNotes, observeConnections } from '../../../../src/auth/connections/index.ts';
import { AppError } from '../../../../src/core/errors.ts';
import { openContext } from '../../../../src/core/request-context.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { principalOf } from '../../../fixtures/principal.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

type Noted = Parameters<ConnectionNotes['note']>[0];

function observed() {
  const notes: Noted[] = [];
  const telemetry = recordTelemetry();
  const clock = new ManualClock();
  const observer = observeConnections({ note: (event) => void notes.push(event) }, { telemetry, clock });
  return { notes, telemetry, clock, observer };
}

function request(headers: Record<string, string>, isKnown = true): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  Object.assign(message.headers, headers);
  const { logger } = recordTelemetry();
  openContext(message, {
    ...{ id: '1', logger, address: '192.0.2.1', route: '/mcp' },
    ...(isKnown ? { principal: principalOf() } : {}),
  });
  return message;
}

describe('a refusal ahead of everything else', () => {
  it('for want of scopes is a step of the client, and audited', () => {
    const { notes, telemetry, observer } = observed();
    const error = new AppError('SCOPE_REQUIRED', 'More is needed.', {
      scopes: ['files:read', 'files:write'],
    });
    observer.refused(error, request({ 'user-agent': 'desk/1.0' }));
    const step = {
      action: 'scopes.challenged',
      outcome: 'denied',
      ...{ clientId: 'test-client', subject: 'alice', address: '192.0.2.1' },
    };
    const detail = 'files:read files:write';
    expect(notes).toEqual([{ ...step, reason: 'scopes_missing', agent: 'desk/1.0', details: { detail } }]);
    expect(telemetry.audits).toEqual([{ ...step, details: { detail, reason: 'scopes_missing' } }]);
  });

  it('is audited five times a minute at most', () => {
    const { telemetry, clock, observer } = observed();
    const error = new AppError('HOST_REFUSED', 'Not this host.');
    for (let each = 0; each < 20; each++) observer.refused(error, request({ host: 'evil.example' }, false));
    expect(telemetry.audits).toHaveLength(5);
    clock.advance(60_000);
    observer.refused(error, request({ host: 'evil.example' }, false));
    expect(telemetry.audits).toHaveLength(6);
    expect(telemetry.audits[0]).toMatchObject({
      action: 'request.refused',
      details: { reason: 'host_refused', detail: 'Host: evil.example' },
    });
  });

  it('that is no matter of connecting leaves nothing', () => {
    const { notes, telemetry, observer } = observed();
    for (const code of ['INTERNAL', 'NOT_FOUND', 'BODY_TOO_LARGE', 'CANCELLED'] as const) {
      observer.refused(new AppError(code, 'No.'), request({}));
    }
    expect(notes).toEqual([]);
    expect(telemetry.audits).toEqual([]);
  });
});

it('every audit event is written and noted', () => {
  const { notes, telemetry, observer } = observed();
  const event = { action: 'token.issued', outcome: 'success', clientId: 'c' } as const;
  observer.telemetry.audit(event);
  expect(notes).toEqual([event]);
  expect(telemetry.audits).toEqual([event]);
});
