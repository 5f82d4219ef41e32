import { inWords } from './duration.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { type ScopeLine, scopeList } from './scope-list.ts';

interface ConsentModel {
  readonly action: string;
  readonly formToken: string;
  readonly client: { readonly name: string; readonly verifiedHost?: string | undefined };
  readonly redirect: { readonly kind: 'web' | 'loopback' | 'app' | 'device'; readonly name: string };
  readonly person: { readonly name: string; readonly email: string };
  readonly granted: readonly ScopeLine[];
  readonly held: readonly ScopeLine[];
  readonly withheld: readonly ScopeLine[];
  readonly offline: boolean;
  readonly onceSeconds: number;
  readonly lastingSeconds: number;
}

export function consentPage(model: ConsentModel): string {
  const { action, formToken, client, person, granted, withheld } = model;
  const content = html`<h1>Let ${client.name} act in your name?</h1>
    <p class="quiet">
      You are signed in as <strong>${person.name}</strong> (${person.email}). Not you? Sign out on the
      <a href="/account">account page</a> first.
    </p>
    ${identity(client)} ${destination(model.redirect)} ${scopesOf(model)}
    ${
      withheld.length > 0 &&
      html`<h2>It ${granted.length > 0 && 'also '}asked for this, which your account may not allow</h2>
        ${scopeList(withheld, 'withheld')}`
    }
    <form method="post" action="${action}">
      <input type="hidden" name="form_token" value="${formToken}" />
      ${granted.length > 0 && duration(model)}
      <div class="choices">
        <button class="plain" name="decision" value="deny">Deny</button>
        ${granted.length > 0 && html`<button name="decision" value="allow">Allow</button>`}
      </div>
    </form>`;
  return layout({ title: `Let ${client.name} act in your name?`, content });
}

/** What is asked for. Of a client that comes back for more, first what is new. */
function scopesOf({ granted, held }: ConsentModel): Html | undefined {
  if (granted.length === 0) return undefined;
  if (held.length === 0) {
    return html`<h2>This application will be able to</h2>
      ${scopeList(granted)}`;
  }
  const names = new Set(held.map(({ name }) => name));
  return html`<h2>New: this application will also be able to</h2>
    ${scopeList(granted.filter(({ name }) => !names.has(name)))}
    <h2>You have allowed this already</h2>
    ${scopeList(held, 'held')}`;
}

/**
 * The longer is suggested: whoever connects an application wants it to work tomorrow, and asking every hour would
 * teach people to allow without reading. What a form does not say counts as the shorter.
 */
function duration({ offline, onceSeconds, lastingSeconds }: ConsentModel): Html {
  return html`<fieldset>
    <legend>For how long?</legend>
    <div class="option">
      <input type="radio" id="lasting" name="remember" value="yes" checked />
      <label for="lasting">
        Until I take it back on the account page, for ${inWords(lastingSeconds)} at
        most${offline && ', also while I am away'}
      </label>
    </div>
    <div class="option">
      <input type="radio" id="once" name="remember" value="no" />
      <label for="once">Once: for ${inWords(onceSeconds)}, then it has to ask again</label>
    </div>
  </fieldset>`;
}

export function identity({ name, verifiedHost }: ConsentModel['client']): Html {
  return verifiedHost === undefined
    ? html`<p>It calls itself <strong>${name}</strong>. Nobody has checked that name.</p>`
    : html`<p><strong>${verifiedHost}</strong> says that this application is theirs.</p>`;
}

function destination({ kind, name }: ConsentModel['redirect']): Html {
  if (kind === 'web') return html`<p>After your answer you go to <strong>${name}</strong>.</p>`;
  if (kind === 'device') {
    return html`<div class="note warn">
      <p>
        The device that showed the code gets this access. Allow it only if you started this yourself, on a
        device that you have in front of you.
      </p>
    </div>`;
  }
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
