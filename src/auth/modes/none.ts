import { BlockList, isIP } from 'node:net';
import type { RequestHandler } from 'express';
import { AppError } from '../../core/errors.ts';
import { UNRESTRICTED } from '../../core/permit.ts';
import type { Principal } from '../../core/principal.ts';
import { contextOf } from '../../core/request-context.ts';
import { ALL_SCOPES, ScopeSet } from '../../core/scopes.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whoever runs programs on this machine. */
const LOCAL: Principal = Object.freeze({
  subject: 'local',
  clientId: 'local',
  scopes: ScopeSet.of(ALL_SCOPES),
  permit: UNRESTRICTED,
  authority: 'local',
  expiresAt: Number.MAX_SAFE_INTEGER,
});

/**
 * Lets every request of this machine act with all scopes, without a token.
 *
 * @param host Name or address under which the service is reached.
 * @throws AppError `CONFIGURATION_INVALID` unless that is a loopback one.
 */
export function createNoneMode({ host }: { readonly host: string }): RequestHandler {
  if (!isLoopback(host)) {
    throw new AppError('CONFIGURATION_INVALID', `auth.mode "none" serves loopback only, not "${host}".`, {
      next: 'set FAIRLEAD_AUTH_MODE=embedded, or HOST and PUBLIC_URL to 127.0.0.1',
    });
  }
  return function actAsLocal(request, _response, next) {
    // The configured name says nothing about a forwarded port: the peer itself must be on this machine.
    if (!isLoopback(request.socket.remoteAddress ?? '')) {
      next(new AppError('FORBIDDEN', 'Without authentication, only this machine is served.'));
      return;
    }
    contextOf(request).principal = LOCAL;
    next();
  };
}

function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family === 0 ? host === 'localhost' : loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
