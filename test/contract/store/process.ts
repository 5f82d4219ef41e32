import { openStore } from '../../../src/store/index.ts';
import { storeOptions } from '../../../src/store/options.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';

/**
 * A process of its own with a store of its own over what the tests share with it: a folder or a server. It is asked
 * by messages; what its subscription hears it tells unasked.
 */
const [dataDir = '', url = ''] = process.argv.slice(2);
const { logger } = recordTelemetry();
const store = await openStore(storeOptions.parse({ url }), { dataDir, logger });

const verbs: Record<string, (...args: string[]) => Promise<unknown>> = {
  takeAll: async (prefix = '', count = '') => {
    const taken = await Promise.all(
      Array.from({ length: Number(count) }, (_, index) => store.take(`${prefix}${index}`)),
    );
    return taken.filter((value) => value !== undefined);
  },
  count: async (key = '', times = '') => {
    for (let time = 0; time < Number(times); time++) await store.increment(key, 1, 60);
  },
  publish: async (channel = '', ...messages) => {
    await Promise.all(messages.map((message) => store.publish(channel, message)));
  },
  subscribe: async (channel = '') => {
    await store.subscribe(channel, (heard) => process.send?.({ heard }));
  },
  put: (key = '', value = '') => store.put(key, value, 60),
};

process.on('message', ({ id, verb, args }: { id: number; verb: string; args: string[] }) => {
  void verbs[verb]?.(...args).then((result) => process.send?.({ id, result }));
});
process.send?.({ ready: true });
