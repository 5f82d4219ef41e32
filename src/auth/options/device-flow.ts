import * as z from 'zod';
import { setting } from '../../core/setting.ts';

/** Sign-in on another device than the one that the application runs on. */
export const deviceFlowOptions = z
  .object({
    enabled: setting(z.boolean().default(false), {
      description:
        'Whether applications on devices without a browser may show people a code to enter at `/device` (RFC 8628). Off by default: people can be talked into entering a code that somebody else started.',
      example: true,
    }),
  })
  .prefault({});
