import { AppError } from '../../core/errors.ts';
import type { Auth } from '../auth.ts';
import type { AuthOptions } from '../options.ts';
import type { AuthorizationServerContext } from '../server/authorization-server.ts';
import { embeddedAuth } from './embedded.ts';

/**
 * Tokens of the authorization server in this process, for people who sign in at an OpenID provider.
 *
 * @throws AppError `CONFIGURATION_INVALID` without a provider
 */
export async function brokerAuth(options: AuthOptions, context: AuthorizationServerContext): Promise<Auth> {
  if (options.identityProviders.length === 0) {
    throw new AppError('CONFIGURATION_INVALID', 'Mode "broker" needs one of auth.identityProviders.');
  }
  return await embeddedAuth(options, context);
}
