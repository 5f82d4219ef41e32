import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { contextOf } from '../../../core/request-context.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import { POLL_INTERVAL } from './device-code-adapter.ts';

/** Counts and records how devices are let in (RFC 8628), up to their tokens; and says how often they may ask. */
export function observeDevices(provider: Provider, telemetry: Telemetry): void {
  const refused = (request: KoaContextWithOIDC, error: errors.OIDCProviderError): void => {
    telemetry.metrics.auth('authorize', error.statusCode < 500 ? 'invalid' : 'unavailable');
    telemetry.audit({
      action: 'device.refused',
      outcome: 'denied',
      ...actorsOf(request),
      details: {
        error: error.error,
        ...(error.error_detail === undefined ? {} : { detail: error.error_detail }),
        ...(error.error_description === undefined ? {} : { description: error.error_description }),
      },
    });
  };
  provider.on('device_authorization.error', refused);
  provider.on('code_verification.error', refused);
  provider.on('device_resume.error', refused);
  provider.on('device_authorization.success', (request, answer) => {
    // Without it devices take the same, but not all have read that (RFC 8628 §3.2).
    answer['interval'] = POLL_INTERVAL;
    telemetry.audit({ action: 'device.begun', outcome: 'success', ...actorsOf(request) });
  });
}

/** Records what a person did with a code that is no failure of the protocol. */
export function auditUserCode(
  request: KoaContextWithOIDC,
  telemetry: Telemetry,
  { action, reason }: { readonly action: 'device.denied' | 'device.refused'; readonly reason: string },
): void {
  telemetry.audit({ action, outcome: 'denied', ...actorsOf(request), details: { reason } });
}

function actorsOf({ oidc, req }: KoaContextWithOIDC): {
  subject?: string;
  clientId?: string;
  address: string;
} {
  const subject = oidc.account?.accountId ?? oidc.session?.accountId;
  const clientId = oidc.client?.clientId ?? oidc.deviceCode?.clientId;
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(clientId === undefined ? {} : { clientId }),
    address: contextOf(req).address,
  };
}
