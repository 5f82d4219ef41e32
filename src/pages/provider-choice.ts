import { identity } from './consent-page.ts';
import { type Html, html } from './html.ts';
import { type ScopeLine, scopeList } from './scope-list.ts';

export interface LoginProviders {
  readonly action: string;
  readonly choices: readonly { readonly id: string; readonly name: string }[];
}

export interface LoginRequest {
  readonly verifiedHost?: string | undefined;
  readonly redirect: { readonly kind: 'web' | 'loopback' | 'app' | 'device'; readonly name: string };
  readonly scopes: readonly ScopeLine[];
}

/** Who asks, and for what: read before anybody leaves for another site, which would not tell it. */
export function requestNote(name: string, { verifiedHost, redirect, scopes }: LoginRequest): Html {
  return html`${identity({ name, verifiedHost })} ${destination(redirect)}
    ${scopes.length > 0 && html`<h2>It asks to be able to</h2>`} ${scopeList(scopes)}
    <p class="quiet">You decide that once you have signed in.</p>`;
}

/** A button for each identity provider. */
export function providerChoice({ action, choices }: LoginProviders, formToken: string): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="form_token" value="${formToken}" />
    ${choices.map(
      ({ id, name }) =>
        html`<button class="wide" name="provider" value="${id}">Continue with ${name}</button>`,
    )}
  </form>`;
}

function destination({ kind, name }: LoginRequest['redirect']): Html {
  if (kind === 'web') return html`<p>In the end you go back to <strong>${name}</strong>.</p>`;
  const way = {
    loopback: html`a program on this computer (<strong>${name}</strong>)`,
    app: html`the app on this device that opens <strong>${name}:</strong> links`,
    device: html`the device that showed you a code`,
  }[kind];
  return html`<div class="note warn">
    <p>What you allow goes to ${way}. Go on only if you have just started to connect it.</p>
  </div>`;
}
