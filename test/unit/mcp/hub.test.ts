import { expect, it, vi } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/core/store.ts';
import { Hub } from '../../../src/mcp/hub.ts';
import { openStore } from '../../../src/store/index.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';

it('who began to listen while the store was away hears the others once it is back', async () => {
  const { logger } = recordTelemetry();
  const shared = await openStore({ url: 'memory' }, { dataDir: '', logger });
  let isAway = true;
  const flaky = Object.create(shared, {
    subscribe: {
      value: (...args: Parameters<Store['subscribe']>) =>
        isAway
          ? Promise.reject(new AppError('UNAVAILABLE', 'The store cannot be reached.'))
          : shared.subscribe(...args),
    },
    publish: { value: (...args: Parameters<Store['publish']>) => shared.publish(...args) },
  }) as Store;
  const [here, there] = [new Hub(flaky, logger), new Hub(shared, logger)];
  const heard = vi.fn();
  here.on('change', 'a', heard);
  await here.ready();
  isAway = false;
  await expect
    .poll(
      () => {
        there.send({ kind: 'change', key: 'a' });
        return heard.mock.calls.length;
      },
      { timeout: 5000 },
    )
    .toBeGreaterThan(0);
  await Promise.all([here.close(), there.close()]);
  await shared.close();
});
