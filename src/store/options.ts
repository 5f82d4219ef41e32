import * as z from 'zod';
import { setting } from '../core/setting.ts';

/** Every kind of store that can be configured; the driver table in `index.ts` has one line for each. */
export const STORE_KINDS = ['sqlite', 'memory'] as const;

export type StoreKind = (typeof STORE_KINDS)[number];

export const storeOptions = z.object({
  url: setting(
    z
      .string()
      .regex(/^(sqlite(:.+)?|memory)$/, 'must be "sqlite", "sqlite:<path>" or "memory"')
      .default('sqlite'),
    {
      description:
        'Where state is kept. "sqlite" is the file fairlead.sqlite in the data directory; "sqlite:<path>" another file (a relative path starts at the data directory), which several processes of one machine may share but which must not lie on a network file system. "memory" forgets everything when the process ends and is refused in production.',
      example: 'sqlite:/var/lib/fairlead/state.sqlite',
      env: 'FAIRLEAD_STORE',
    },
  ),
});

export type StoreOptions = z.output<typeof storeOptions>;
