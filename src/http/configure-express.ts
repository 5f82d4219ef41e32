import type { Express } from 'express';
import { proxyTrust } from './client-address.ts';
import type { HttpOptions } from './options.ts';

/** Express without the headers that tell about it, and with the proxies that it may believe. */
export function configureExpress(app: Express, options: Pick<HttpOptions, 'trustProxy'>): void {
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', proxyTrust(options.trustProxy).trusts);
}
