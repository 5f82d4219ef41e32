import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { type ScopeLine, scopeList } from './scope-list.ts';

interface ConsentModel {
  readonly action: string;
  readonly formToken: string;
  readonly client: { readonly name: string; readonly verifiedHost?: string | undefined };
  readonly redirect: { readonly kind: 'web' | 'loopback' | 'app'; readonly name: string };
  readonly person: { readonly name: string; readonly email: string };
  readonly granted: readonly ScopeLine[];
  readonly withheld: readonly ScopeLine[];
  readonly offline: boolean;
}

export function consentPage(model: ConsentModel): string {
  const { action, formToken, client, person, granted, withheld, offline } = model;
  const content = html`<h1>Let ${client.name} act in your name?</h1>
    <p class="quiet">
      You are signed in as <strong>${person.name}</strong> (${person.email}). Not you? Sign out on the
      <a href="/account">account page</a> first.
    </p>
    ${identity(client)} ${destination(model.redirect)}
    ${granted.length > 0 && html`<h2>This application will be able to</h2>`} ${scopeList(granted)}
    ${
      withheld.length > 0 &&
      html`<h2>It also asked for this, which your account may not allow</h2>
        ${scopeList(withheld, 'withheld')}`
    }
    ${
      offline &&
      granted.length > 0 &&
      html`<p class="quiet small">
        It keeps this access while you are away, until you end it on the account page.
      </p>`
    }
    <form method="post" action="${action}">
      <input type="hidden" name="form_token" value="${formToken}" />
      <div class="choices">
        <button class="plain" name="decision" value="deny">Deny</button>
        ${granted.length > 0 && html`<button name="decision" value="allow">Allow</button>`}
      </div>
    </form>`;
  return layout({ title: `Let ${client.name} act in your name?`, content });
}

function identity({ name, verifiedHost }: ConsentModel['client']): Html {
  return verifiedHost === undefined
    ? html`<p>It calls itself <strong>${name}</strong>. Nobody has checked that name.</p>`
    : html`<p><strong>${verifiedHost}</strong> says that this application is theirs.</p>`;
}

function destination({ kind, name }: ConsentModel['redirect']): Html {
  if (kind === 'web') return html`<p>After your answer you go to <strong>${name}</strong>.</p>`;
  if (kind === 'app') {
    return html`<div class="note warn">
      <p>
        After your answer you go to the app on this device that opens <strong>${name}:</strong> links. Allow
        this only if you have just started to connect that app.
      </p>
    </div>`;
  }
  return html`<div class="note warn">
    <p>
      After your answer you go to a program on this computer (<strong>${name}</strong>). Any program can ask
      for this: allow it only if you have just started to connect one.
    </p>
  </div>`;
}
