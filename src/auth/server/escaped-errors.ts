import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';

/** Serves a request; rejects with what failed outside of the provider's own handlers, the request unanswered. */
export type ProviderHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Makes a handler of a provider that has no other middleware yet. An error that reached Koa would be
 * printed there, and answered past the one place where errors become responses.
 */
export function letErrorsEscape(provider: Provider): ProviderHandler {
  const escaped = new WeakMap<IncomingMessage, unknown>();
  provider.use(async (request: KoaContextWithOIDC, next: () => Promise<unknown>) => {
    try {
      await next();
    } catch (error) {
      escaped.set(request.req, error);
      request.respond = false;
    }
  });
  let callback: ReturnType<Provider['callback']> | undefined;
  return async (request, response) => {
    // Composed when the first request comes: by then all middleware is there.
    callback ??= provider.callback();
    await callback(request, response);
    if (escaped.has(request)) throw escaped.get(request);
  };
}
