import { AppError } from '../../../core/errors.ts';
import { DEVICE_GRANT, JWT_BEARER_GRANT } from '../../grant-types.ts';
import type { AuthOptions } from '../../options.ts';

/** Metadata of servers that take identity assertions (draft-ietf-oauth-identity-assertion-authz-grant). */
export const GRANT_PROFILES = {
  authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
};

/** Whether identity providers may vouch for people by assertions (enterprise-managed authorization). */
export function takesAssertions({ mode, identityProviders }: AuthOptions): boolean {
  return mode === 'broker' && identityProviders.some(({ enterpriseManaged }) => enterpriseManaged);
}

/** @throws AppError `CONFIGURATION_INVALID` for a declared client with a grant that is switched off */
export function assertDeclaredGrants(options: AuthOptions): void {
  const off = [
    ...(options.deviceFlow.enabled ? [] : [[DEVICE_GRANT, 'auth.deviceFlow.enabled'] as const]),
    ...(takesAssertions(options)
      ? []
      : [
          [
            JWT_BEARER_GRANT,
            'enterpriseManaged of one of auth.identityProviders, in mode "broker",',
          ] as const,
        ]),
  ];
  for (const { clientId, grantTypes } of options.clients) {
    for (const [grant, needed] of off) {
      if (!grantTypes.includes(grant)) continue;
      throw new AppError(
        'CONFIGURATION_INVALID',
        `auth.clients: "${clientId}" has the grant ${grant}, which needs ${needed} to be on.`,
      );
    }
  }
}
