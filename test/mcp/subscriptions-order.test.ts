import { expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { openStore } from '../../src/store/index.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { modernClient } from '../fixtures/raw-mcp.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { cites } from '../requirements.ts';

/** A store whose channels open only when the test says so, as one over a slow network. */
async function slowStore() {
  const { logger } = recordTelemetry();
  const memory = await openStore({ url: 'memory' }, { dataDir: '', logger });
  let release: () => void = () => undefined;
  let reach: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const store = new Proxy(memory, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const bound = member.bind(target) as (...args: unknown[]) => unknown;
      if (name !== 'subscribe') return bound;
      return async (...args: unknown[]) => {
        reach();
        await released;
        return bound(...args);
      };
    },
  }) satisfies Store;
  return { store, release, reached, close: () => memory.close() };
}

it(
  cites(
    ['2026-07-28/subscriptions/nothing-before', '2026-07-28/subscriptions/acknowledged'],
    'what changes while a subscription opens is told after the acknowledgement, and is told',
  ),
  async () => {
    const { store, release, reached, close } = await slowStore();
    const endpoint = await startMcpEndpoint({ store });
    onTestFinished(async () => {
      await endpoint.close();
      await close();
    });
    const opening = modernClient(endpoint.url).request('subscriptions/listen', {
      notifications: { toolsListChanged: true },
    });
    await reached;
    await endpoint.mcp.changes.toolsChanged();
    release();
    const { stream } = await opening;
    await stream?.of('notifications/tools/list_changed');
    expect(stream?.messages.map(({ method }) => method)).toEqual([
      'notifications/subscriptions/acknowledged',
      'notifications/tools/list_changed',
    ]);
    stream?.close();
  },
);
