import * as z from 'zod';
import { setting } from '../core/setting.ts';

/** Where the keys come from; without either setting, from a file in the data folder that the service makes itself. */
export const keysOptions = z.object({
  ring: setting(z.string().min(1).optional(), {
    description:
      'The key ring as JSON, as `fairlead keys new` prints it, for deployments that hand secrets out in the environment. A new one counts after a restart.',
    example: '{"version":1,"signing":[…],"cookies":[…],"sealing":[…]}',
    env: 'FAIRLEAD_KEYS',
    secret: true,
  }),
  file: setting(z.string().min(1).optional(), {
    description:
      'File with the key ring, where something else than the service keeps it: a mounted secret. It is only read, and again within seconds whenever it changes. Its group may read it, others may not, except below /run/secrets.',
    example: '/etc/fairlead/keyring.json',
    env: 'FAIRLEAD_KEYS_FILE',
  }),
});
