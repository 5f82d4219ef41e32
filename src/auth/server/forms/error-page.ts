import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { contextOf } from '../../../core/request-context.ts';
import type { AuthPages } from '../../pages.ts';

interface Explanation {
  readonly message: string;
  readonly next: string;
}

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  invalid_client: {
    message:
      'This server does not know the application that sent you here, or could not read what it says about itself.',
    next: 'remove the connection in the application and add it again, since registrations expire',
  },
  invalid_redirect_uri: {
    message:
      'The application asked to send you on to an address that it has not registered. For your safety, nobody is sent there.',
    next: 'tell whoever makes the application',
  },
  server_error: {
    message: 'Something failed inside this server.',
    next: 'try again; if it fails again, give the request id to the operator',
  },
};

/** Shows an error of the protocol that cannot be sent back to the client. Nothing of its cause is shown. */
export function renderProviderError(context: KoaContextWithOIDC, out: ErrorOut, pages: AuthPages): void {
  const known = EXPLANATIONS[out.error];
  context.type = 'html';
  context.body = pages.error({
    status: context.status,
    code: out.error,
    message: known?.message ?? explain(out),
    next: known?.next,
    requestId: contextOf(context.req).id,
  });
}

function explain({ error, error_description: description }: ErrorOut): string {
  return `The application sent a request that this server cannot accept: ${description ?? error}.`;
}
