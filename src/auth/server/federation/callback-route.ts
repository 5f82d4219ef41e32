import { type RequestHandler, Router } from 'express';
import type { AuthOptions } from '../../options.ts';
import { signIn } from '../sign-in/browser-session.ts';
import type { ProviderHolder } from '../provider-holder.ts';
import type { FederatedSignIn } from './federated-sign-in.ts';

interface CallbackContext {
  readonly federatedSignIn: FederatedSignIn;
  readonly holder: ProviderHolder;
  readonly options: AuthOptions;
}

/** Where identity providers send people back to. From here they go to the page that they came from. */
export function callbackRoute({ federatedSignIn, holder, options }: CallbackContext): RequestHandler {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/login/callback/:provider', async (request, response) => {
    const back = await federatedSignIn.finish(request, response);
    const { interaction } = back.destination;
    const page = interaction === undefined ? '/account' : `/interaction/${interaction}`;
    if ('refusal' in back) {
      response.redirect(303, `${page}?problem=${back.refusal.reason}`);
    } else if (interaction === undefined) {
      const { provider } = await holder.current();
      const visit = { provider, request, response };
      await signIn(visit, back.account.id, { seconds: options.sessionTtlSeconds, amr: [] });
      response.redirect(303, page);
    } else {
      const ticket = await federatedSignIn.leaveResult(interaction, back.account);
      response.redirect(303, `${page}/signed-in?ticket=${ticket}`);
    }
  });
  return router;
}
