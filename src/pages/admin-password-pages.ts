import { usernameField } from './account-model.ts';
import { html } from './html.ts';
import { invalid, layout, problemNote } from './layout.ts';
import { currentPasswordField, newPasswordFields } from './password-fields.ts';

interface PasswordModel {
  readonly action: string;
  readonly formToken: string;
  readonly person: { readonly name: string; readonly email: string };
  readonly problem?: string | undefined;
}

/** Where an owner signs in again before something is changed. */
export function confirmPage({ action, formToken, person, problem }: PasswordModel): string {
  const title = 'Is it you?';
  const content = html`<h1>${title}</h1>
    <p class="quiet">
      You signed in a while ago. Before you change anything, enter the password of
      <strong>${person.email}</strong>; then do again what you were about to do.
    </p>
    ${problemNote(problem)}
    <form method="post" action="${action}">
      <input type="hidden" name="form_token" value="${formToken}" />
      ${usernameField({ person })}
      ${currentPasswordField({ attributes: html`autofocus ${invalid(problem)}` })}
      <button class="wide">Go on</button>
    </form>`;
  return layout({ title, problem, content });
}

/** Where a person sets their password, behind a link from an owner. */
export function setPasswordPage(model: PasswordModel & { readonly minPasswordLength: number }): string {
  const { action, formToken, person, minPasswordLength, problem } = model;
  const title = 'Set your password';
  const content = html`<h1>${title}</h1>
    <p class="quiet">for <strong>${person.name}</strong> (${person.email})</p>
    ${problemNote(problem)}
    <form method="post" action="${action}">
      <input type="hidden" name="form_token" value="${formToken}" />
      ${usernameField({ person })}
      ${newPasswordFields({ minLength: minPasswordLength, attributes: html`autofocus` })}
      <button class="wide">Set the password</button>
    </form>`;
  return layout({ title, problem, content });
}
