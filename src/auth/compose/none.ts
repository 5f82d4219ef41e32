import type { Auth, AuthContext } from '../auth.ts';
import { createNoneMode } from '../modes/none.ts';
import type { AuthOptions } from '../options.ts';

/** Nobody issues tokens: every caller on this machine has every right. */
export function noAuth(_options: AuthOptions, { publicUrl }: AuthContext): Promise<Auth> {
  return Promise.resolve({
    routes: [],
    requirePrincipal: createNoneMode({ host: publicUrl.hostname }),
    challenge: () => undefined,
    onRevoked: () => () => undefined,
    isRevoked: () => Promise.resolve(false),
    checks: [],
    setupUrl: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  });
}
