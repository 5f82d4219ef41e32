import * as z from 'zod';
import { setting } from '../core/setting.ts';
import { redisAddressOf } from './redis-address.ts';

/** Every kind of store that can be configured; the driver table in `index.ts` has one line for each. */
export const STORE_KINDS = ['sqlite', 'redis', 'memory'] as const;

export type StoreKind = (typeof STORE_KINDS)[number];

export const storeOptions = z.object({
  url: setting(
    z
      .string()
      .regex(
        /^(sqlite(:.+)?|memory|rediss?:\/\/.*)$/,
        'must be "sqlite", "sqlite:<path>", a redis:// or rediss:// URL, or "memory"',
      )
      .refine((url) => !/^rediss?:/.test(url) || redisAddressOf(url) !== undefined, {
        error:
          'must be a URL such as redis://user:password@host:6379/0, with % codes for characters that URLs keep for themselves',
        abort: true,
      })
      .default('sqlite'),
    {
      description:
        'Where state is kept. "sqlite" is the file fairlead.sqlite in the data directory; "sqlite:<path>" another file (a relative path starts at the data directory), which several processes of one machine may share but which must not lie on a network file system. "redis://[user:password@]host[:port][/database]", or "rediss://…" with TLS, is a server that any number of processes share. "memory" forgets everything when the process ends and is refused in production.',
      example: 'redis://fairlead:change-me@redis:6379/0',
      env: 'FAIRLEAD_STORE',
      secret: true,
      harmless: /^(sqlite(:.*)?|memory)$/,
    },
  ),
});

export type StoreOptions = z.output<typeof storeOptions>;
