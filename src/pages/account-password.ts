import { type AccountModel, tokenField, usernameField } from './account-model.ts';
import { type Html, html } from './html.ts';

export function passwordSection(model: AccountModel): Html {
  return html`<section aria-labelledby="password">
    <h2 id="password">Password</h2>
    ${
      model.password.has
        ? passwordForm(model)
        : html`<p>
            You have no password here: your organisation signs you in. Change your password, and see to your
            devices, there.
          </p>`
    }
  </section>`;
}

function passwordForm(model: AccountModel): Html {
  const { minLength } = model.password;
  return html`<details ${model.password.open && html`open`}>
    <summary>Change your password</summary>
    <form method="post" action="${model.action}/password">
      ${tokenField(model)} ${usernameField(model)}
      <label for="current">Current password</label>
      <input
        id="current"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        maxlength="256"
      />
      <label for="new">New password</label>
      <input
        id="new"
        name="new_password"
        type="password"
        autocomplete="new-password"
        required
        minlength="${minLength}"
        maxlength="256"
        aria-describedby="new-hint"
      />
      <p class="hint" id="new-hint">
        At least ${minLength} characters. A few random words are good. All other browsers are signed out.
      </p>
      <label for="new-again">The new password again</label>
      <input
        id="new-again"
        name="new_password_again"
        type="password"
        autocomplete="new-password"
        required
        maxlength="256"
      />
      <button>Change the password</button>
    </form>
  </details>`;
}
