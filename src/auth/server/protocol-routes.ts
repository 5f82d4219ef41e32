import { type RequestHandler, Router } from 'express';
import type { Telemetry } from '../../core/telemetry.ts';
import type { AuthOptions } from '../options.ts';
import { ENDPOINTS } from './endpoints.ts';
import { requireInitialAccessToken } from './clients/initial-access-tokens.ts';
import type { ProviderHolder } from './provider-holder.ts';

interface ProtocolRoutesContext {
  readonly options: AuthOptions;
  readonly issuer: string;
  readonly telemetry: Telemetry;
}

/** The endpoints that the provider answers; what the operator has switched off is not there. */
export function protocolRoutes(context: ProtocolRoutesContext, holder: ProviderHolder): RequestHandler {
  const { registration, deviceFlow } = context.options;
  const router = Router({ caseSensitive: true, strict: true });
  const handle: RequestHandler = async (request, response) => {
    // No body parser here: the provider reads the body itself, after it knows what it should be.
    const running = await holder.current();
    await running.handle(request, response);
  };
  const { authorization, token, revocation, introspection, pushed_authorization_request } = ENDPOINTS;
  router.get([authorization, `${authorization}/:uid`], handle);
  router.post([token, revocation, introspection, pushed_authorization_request], handle);
  if (registration.mode !== 'off') {
    const gate = requireInitialAccessToken({ ...context, registration });
    router.post(ENDPOINTS.registration, gate, handle);
  }
  if (deviceFlow.enabled) {
    const { device_authorization, code_verification } = ENDPOINTS;
    router.post([device_authorization, code_verification], handle);
    router.get([code_verification, `${code_verification}/:uid`], handle);
  }
  return router;
}
