import * as z from 'zod';
import { setting } from '../../core/setting.ts';

const DAY = 86_400;

/** The connection log: what each client did on its way here, and what was refused to it. */
export const connectionOptions = z.object({
  keptSeconds: setting(
    z
      .int()
      .min(3600)
      .max(90 * DAY)
      .default(7 * DAY),
    {
      description:
        'How long the connection log keeps what clients did on their way here, and why they were refused, in seconds. Their number is bounded as well.',
      example: 2_592_000,
    },
  ),
});
