import { type AccountModel, tokenField, usernameField } from './account-model.ts';
import { type Html, html } from './html.ts';
import { passkeyForm } from './passkey-form.ts';
import { dayOf, momentOf } from './time.ts';

const MAX_NAME_CHARACTERS = 60;

export function passkeySection(model: AccountModel): Html | undefined {
  const { list, state } = model.passkeys;
  if (state === 'none' && list.length === 0) return undefined;
  return html`<section aria-labelledby="passkeys">
    <h2 id="passkeys">Passkeys</h2>
    <p class="quiet">
      With a passkey you sign in by the lock of your device, or a security key. Nobody can guess it or get it
      out of you.
    </p>
    ${
      list.length > 0 &&
      html`<ul class="entries">
        ${list.map((passkey, index) => passkeyItem(passkey, index, model))}
      </ul>`
    }
    ${whatIsNext(model)}
  </section>`;
}

function whatIsNext(model: AccountModel): Html | undefined {
  switch (model.passkeys.state) {
    case 'add':
      return addForm(model);
    case 'confirm':
      return confirmForm(model);
    case 'sign-in-again':
      return html`<p>To add a passkey, sign out and in again.</p>`;
    case 'full':
      return html`<p>You have as many passkeys as there can be. Remove one to add another.</p>`;
    case 'none':
      return undefined;
  }
}

function addForm({ action, formToken, passkeys }: AccountModel): Html {
  return html`${passkeyForm({
      ...{
        action: `${action}/passkeys/add`,
        options: `${action}/passkeys/options`,
        formToken,
        kind: 'create',
      },
      content: html`<label for="passkey-name">Name of a new passkey</label>
        <div class="inline">
          <input
            id="passkey-name"
            name="name"
            maxlength="${MAX_NAME_CHARACTERS}"
            autocomplete="off"
            value="${passkeys.suggestedName}"
          />
          <button>Add a passkey</button>
        </div>`,
    })}<noscript><p class="quiet">Adding a passkey needs JavaScript.</p></noscript>`;
}

function confirmForm(model: AccountModel): Html {
  return html`<form method="post" action="${model.action}/confirm">
    ${tokenField(model)}${usernameField(model)}
    <label for="confirm-password">Your password, to add a passkey</label>
    <div class="inline">
      <input
        id="confirm-password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        maxlength="256"
      />
      <button class="plain">Continue</button>
    </div>
    <p class="hint">You signed in some time ago: this shows that it is still you.</p>
  </form>`;
}

function passkeyItem(
  passkey: AccountModel['passkeys']['list'][number],
  index: number,
  model: AccountModel,
): Html {
  const hidden = html`${tokenField(model)}<input type="hidden" name="passkey" value="${passkey.handle}" />`;
  return html`<li>
    <div class="row">
      <div>
        <h3>${passkey.name}</h3>
        <p class="quiet small">
          Added on ${dayOf(passkey.createdAt)} ·
          ${passkey.lastUsedAt === undefined ? 'not used yet' : html`last used ${momentOf(passkey.lastUsedAt)}`}
        </p>
      </div>
      <form method="post" action="${model.action}/passkeys/remove">
        ${hidden}<button class="danger" aria-label="Remove the passkey ${passkey.name}">Remove</button>
      </form>
    </div>
    <details>
      <summary>Rename<span class="unseen"> ${passkey.name}</span></summary>
      <form method="post" action="${model.action}/passkeys/rename">
        ${hidden}
        <label for="passkey-${index}">New name</label>
        <div class="inline">
          <input
            id="passkey-${index}"
            name="name"
            required
            maxlength="${MAX_NAME_CHARACTERS}"
            autocomplete="off"
            value="${passkey.name}"
          />
          <button class="plain">Rename</button>
        </div>
      </form>
    </details>
  </li>`;
}
