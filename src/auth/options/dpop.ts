import * as z from 'zod';
import { setting } from '../../core/setting.ts';

/** Whether access tokens are bound to a key of the client (RFC 9449). */
export const dpopOption = setting(z.enum(['off', 'optional', 'required']).default('optional'), {
  description:
    'Whether access tokens are bound to a key that the application holds (DPoP, RFC 9449), so that a stolen token is worth nothing without it. "optional": where the application asks for it. "required": always; applications that cannot do it are locked out. "off": never.',
  example: 'required',
});

export type DpopOption = 'off' | 'optional' | 'required';
