import type { Client, Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { contextOf } from '../../../core/request-context.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import { displayText } from '../../display-text.ts';
import type { AuthPages, DevicePage } from '../../pages.ts';
import { displayName, documentHost } from '../clients/client-display.ts';
import { ENDPOINTS } from '../endpoints.ts';
import { networkOf } from '../../network.ts';
import { auditUserCode } from './observe-devices.ts';
import type { ProviderContext } from '../provider-context.ts';

type Feature = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>;

/** How long a user code is good, in seconds. */
export const DEVICE_CODE_TTL = 600;
const MAX_USER_AGENT = 200;
/** As people may write the code: the provider drops everything that is no letter. */
const TYPED_CODE = /^[A-Za-z -]{1,20}$/;

/** What each failure that the provider tells apart means to the person. */
const PROBLEMS: Readonly<Record<string, string>> = {
  NoCodeError: 'Enter the code that the device shows.',
  NotFoundError: 'This code is not known here. Compare it with what the device shows.',
  ExpiredError: 'This code has expired: codes are good for ten minutes. Start again on the device.',
  AlreadyUsedError: 'This code was used already. Start again on the device.',
};

/** The codes that stood in the addresses that were opened. */
const prefilled = new WeakMap<KoaContextWithOIDC, string>();

/**
 * Sign-in for devices without a browser (RFC 8628), with pages that make it hard to let somebody else's
 * device in (§5.4): each code is confirmed, beside who asks and from where.
 */
export function deviceFlowFeature({ options, pages, telemetry }: ProviderContext): Feature {
  return {
    enabled: options.deviceFlow.enabled,
    charset: 'base-20',
    mask: '****-****',
    deviceInfo: (request) => ({
      address: contextOf(request.req).address,
      userAgent: displayText((request.get('user-agent') || '').slice(0, MAX_USER_AGENT)),
    }),
    userCodeInputSource: (request, _form, _out, error) => {
      if (error !== undefined) note(request, error, telemetry);
      show(request, pages, error === undefined ? enter(request, undefined) : afterError(request, error));
    },
    userCodeConfirmSource: (request, ...[, client, device, userCode]) => {
      const address = String(device['address']);
      show(request, pages, {
        step: 'confirm',
        ...form(request),
        userCode,
        client: {
          name: displayName(client.clientName, client.clientId),
          verifiedHost: documentHost(client, options.clients),
        },
        device: {
          address,
          userAgent: String(device['userAgent']),
          elsewhere: networkOf(address) !== networkOf(contextOf(request.req).address),
        },
      });
    },
    successSource: (request) => {
      show(request, pages, { step: 'allowed', client: clientName(request.oidc.client) });
    },
  };
}

/**
 * Middleware for the provider's pages. A code in the address (`verification_uri_complete`) is only filled in:
 * the provider would send it on by a script, and people should see what they confirm. Whoever comes to a
 * later page in a browser that knows nothing of the first, because its session has ended or the form is
 * another site's, begins again.
 */
export function leadToDevicePage(provider: Provider) {
  const { code_verification: first } = ENDPOINTS;
  return async (request: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    if (request.path === first && request.method === 'GET') {
      const code = request.query['user_code'];
      if (typeof code === 'string' && TYPED_CODE.test(code)) prefilled.set(request, code.toUpperCase());
      request.querystring = '';
    } else if (request.path === first || request.path.startsWith(`${first}/`)) {
      const context = provider.createContext(request.req, request.res);
      // A session that was never stored has no end.
      const session: object = await provider.Session.get(context);
      if (!('exp' in session)) {
        request.status = 303;
        request.redirect(first);
        return;
      }
    }
    await next();
  };
}

/** The provider tells nobody of what it takes for a slip of the person. */
function note(request: KoaContextWithOIDC, error: Error, telemetry: Telemetry): void {
  const slip = PROBLEMS[error.name];
  if (error.name === 'AbortedError') {
    auditUserCode(request, telemetry, { action: 'device.denied', reason: 'the person stopped it' });
  } else if (slip !== undefined) {
    auditUserCode(request, telemetry, { action: 'device.refused', reason: slip });
  }
}

function afterError(request: KoaContextWithOIDC, error: Error): DevicePage {
  if (error.name === 'AbortedError') return { step: 'denied', client: clientName(request.oidc.client) };
  // The provider answers some of these with 200.
  if (request.status < 400) request.status = 400;
  return enter(request, PROBLEMS[error.name] ?? describe(request, error));
}

function describe(request: KoaContextWithOIDC, error: Error): string {
  if (request.status === 429) return 'Too many wrong codes were entered. Try again in some minutes.';
  if (request.status >= 500) return 'This cannot be done at the moment. Try again in a minute.';
  const description = 'error_description' in error ? String(error.error_description) : 'it is not valid';
  return `This code cannot be used: ${description}. Start again on the device.`;
}

function enter(request: KoaContextWithOIDC, problem: string | undefined): DevicePage {
  return { step: 'enter', ...form(request), userCode: prefilled.get(request), problem };
}

/** The token is the provider's own, which it keeps in the browser's session. */
function form({ oidc }: KoaContextWithOIDC): { readonly action: string; readonly formToken: string } {
  const secret: unknown = oidc.session?.state?.['secret'];
  return {
    action: ENDPOINTS.code_verification,
    formToken: typeof secret === 'string' ? secret : '',
  };
}

function clientName(client: Client | undefined): string | undefined {
  return client && displayName(client.clientName, client.clientId);
}

function show(request: KoaContextWithOIDC, pages: AuthPages, model: DevicePage): void {
  request.type = 'html';
  request.body = pages.device(model);
}
