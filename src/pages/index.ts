import { type RequestHandler, Router } from 'express';
import { MARK } from '../core/icon.ts';
import { adminPage } from './admin-page.ts';
import { confirmPage, setPasswordPage } from './admin-password-pages.ts';
import { accountPage } from './account-page.ts';
import { ICON_PATH, SCRIPT_PATH, STYLESHEET_PATH } from './assets.ts';
import { consentPage } from './consent-page.ts';
import { devicePage } from './device-page.ts';
import { errorPage } from './error-page.ts';
import { landingPage } from './landing-page.ts';
import { PASSKEY_SCRIPT } from './passkey-script.ts';
import { loginPage, setupPage } from './sign-in-pages.ts';
import { STYLESHEET } from './stylesheet.ts';

interface PagesOptions {
  /** The public URL of the MCP endpoint. */
  readonly resource: URL;
  /** Whether people sign in here: the landing page leads to their account. */
  readonly accounts: boolean;
}

/** The pages that people meet: functions from what they say to a whole document that needs no script. */
export interface Pages {
  readonly login: typeof loginPage;
  readonly consent: typeof consentPage;
  readonly setup: typeof setupPage;
  readonly account: typeof accountPage;
  readonly device: typeof devicePage;
  readonly error: typeof errorPage;
  readonly admin: typeof adminPage;
  readonly confirm: typeof confirmPage;
  readonly setPassword: typeof setPasswordPage;
  /** Path of the script that pages with passkeys load. */
  readonly scriptPath: string;
  /** The landing page, and what all pages load. */
  readonly routes: RequestHandler;
}

const ONE_YEAR = 31_536_000;

export function createPages({ resource, accounts }: PagesOptions): Pages {
  const landing = landingPage({ mcpUrl: resource.href, accounts });
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/', (_request, response) => {
    response.type('html').send(landing);
  });
  serveForEver(router, STYLESHEET_PATH, { type: 'css', content: STYLESHEET });
  serveForEver(router, SCRIPT_PATH, { type: 'js', content: PASSKEY_SCRIPT });
  serveForEver(router, ICON_PATH, { type: 'svg', content: MARK });
  return {
    login: loginPage,
    consent: consentPage,
    setup: setupPage,
    account: accountPage,
    device: devicePage,
    error: errorPage,
    admin: adminPage,
    confirm: confirmPage,
    setPassword: setPasswordPage,
    scriptPath: SCRIPT_PATH,
    routes: router,
  };
}

function serveForEver(
  router: Router,
  path: string,
  { type, content }: { readonly type: string; readonly content: string },
): void {
  router.get(path, (_request, response) => {
    response.set('Cache-Control', `public, max-age=${ONE_YEAR}, immutable`).type(type).send(content);
  });
}
