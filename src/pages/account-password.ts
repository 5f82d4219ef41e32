import { type AccountModel, tokenField, usernameField } from './account-model.ts';
import { type Html, html } from './html.ts';
import { currentPasswordField, newPasswordFields } from './password-fields.ts';

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
      ${currentPasswordField({ id: 'current', label: 'Current password' })}
      ${newPasswordFields({
        ...{ minLength, name: 'new_password', label: 'New password', again: 'The new password again' },
        effect: 'All other browsers are signed out.',
      })}
      <button>Change the password</button>
    </form>
  </details>`;
}
