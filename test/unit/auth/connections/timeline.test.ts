import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectionLog, Connections } from '../../../../src/auth/connections/index.ts';
import { openStore } from '../../../../src/store/index.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

const KEPT = 86_400;
const AT = { address: '192.0.2.1', agent: 'desk/1.0' };
const AGENT = { ...AT, clientId: 'agent' };

let clock: ManualClock;
let log: ConnectionLog;
let connections: Connections;

beforeEach(async () => {
  clock = new ManualClock();
  const { logger } = recordTelemetry();
  const store = await openStore({ url: 'memory' }, { dataDir: '', logger, clock });
  log = new ConnectionLog({ store, clock, logger, keptSeconds: KEPT });
  connections = new Connections({ store, clock, keptSeconds: KEPT });
});

async function note(...events: Parameters<ConnectionLog['note']>[0][]): Promise<void> {
  for (const event of events) log.note(event);
  await log.close();
}

describe('steps of one millisecond', () => {
  it('are told in the order in which they happened, whichever streams they lie in', async () => {
    await note(
      { action: 'authorization.begun', outcome: 'success', ...AGENT },
      { action: 'consent.given', outcome: 'success', ...AGENT },
      { action: 'grant.refused', outcome: 'denied', ...AGENT, details: { error: 'invalid_grant' } },
      { action: 'token.issued', outcome: 'success', ...AGENT },
      { action: 'request.refused', outcome: 'denied', ...AGENT, reason: 'token_revoked' },
    );
    const { steps, diagnosis } = await connections.timeline({ clientId: 'agent' });
    const actions = ['authorization.begun', 'consent.given', 'grant.refused', 'token.issued'];
    expect(steps.map(({ action }) => action)).toEqual([...actions, 'request.refused']);
    expect(diagnosis?.step).toMatchObject({ reason: 'token_revoked' });
    const [line] = await connections.list();
    expect(line).toMatchObject({ last: { action: 'request.refused' }, failed: true });
  });
});

describe('what the same software at the same address did without a name', () => {
  const foreign = { action: 'request.refused', outcome: 'denied', ...AT, reason: 'origin_refused' } as const;

  it('does not hide where the client itself failed', async () => {
    await note({ action: 'grant.refused', outcome: 'denied', ...AGENT, reason: 'verifier_wrong' });
    clock.advance(1000);
    await note(foreign);
    const { diagnosis, steps } = await connections.timeline({ clientId: 'agent' });
    expect(steps).toHaveLength(2);
    expect(diagnosis).toMatchObject({
      sentence: 'It was refused a token',
      step: { reason: 'verifier_wrong' },
    });
  });

  it('is told of as what it is where the client itself got through', async () => {
    await note({ action: 'token.issued', outcome: 'success', ...AGENT });
    clock.advance(1000);
    await note(foreign);
    const { diagnosis } = await connections.timeline({ clientId: 'agent' });
    expect(diagnosis?.sentence).toBe('Something at 192.0.2.1 was refused a request');
  });
});

describe('an address', () => {
  it('has the name of none of the clients behind it', async () => {
    await note({
      action: 'client.registered',
      outcome: 'success',
      ...AGENT,
      details: { name: 'Desk agent' },
    });
    const { name, steps } = await connections.timeline({ address: AT.address });
    expect(name).toBeUndefined();
    expect(steps).toMatchObject([{ clientId: 'agent', name: 'Desk agent' }]);
  });
});

describe('a diagnosis', () => {
  it('is a sentence where it is about the person, too', async () => {
    await note({ action: 'login.failed', outcome: 'denied', ...AGENT, reason: 'sign_in_failed' });
    const { diagnosis } = await connections.timeline({ clientId: 'agent' });
    expect(diagnosis?.sentence).toBe('The person could not sign in');
  });
});
