import { type Html, html } from './html.ts';
import { invalid, layout, problemNote } from './layout.ts';
import { passkeyForm } from './passkey-form.ts';
import { currentPasswordField, newPasswordFields } from './password-fields.ts';
import { type LoginProviders, type LoginRequest, providerChoice, requestNote } from './provider-choice.ts';

interface Form {
  readonly action: string;
  readonly formToken: string;
  readonly email?: string | undefined;
  readonly problem?: string | undefined;
}

interface LoginModel extends Form {
  readonly client?: string | undefined;
  readonly providers?: LoginProviders | undefined;
  readonly request?: LoginRequest | undefined;
  readonly passkey?: string | undefined;
}

export function loginPage(model: LoginModel): string {
  const { client, problem, passkey, providers, request, formToken } = model;
  const content = html`<h1>Sign in</h1>
    ${
      client === undefined
        ? html`<p class="quiet">to see and end what applications may do in your name.</p>`
        : html`<p class="quiet">to go on to <strong>${client}</strong></p>`
    }
    ${problemNote(problem)} ${client !== undefined && request !== undefined && requestNote(client, request)}
    ${
      providers === undefined
        ? localSignIn(model)
        : html`${providerChoice(providers, formToken)}
            <details${problem !== undefined && model.email !== undefined && html` open`}>
              <summary>Sign in as the owner of this server</summary>
              ${localSignIn(model)}
            </details>`
    }`;
  return layout({
    title: 'Sign in',
    problem,
    content,
    passkeys: passkey !== undefined,
  });
}

/** Signing in with what this server itself knows. Where there is something before it, nothing draws the eye here. */
function localSignIn({ action, formToken, email, problem, passkey, providers }: LoginModel): Html {
  const first = providers === undefined;
  return html`<form method="post" action="${action}">
      <input type="hidden" name="form_token" value="${formToken}" />
      ${emailField(email, { problem, focus: first && email === undefined })}
      ${currentPasswordField({
        attributes: html`${focus(first && email !== undefined)} ${invalid(problem)}`,
      })}
      <button class="${first ? 'wide' : 'wide plain'}">Sign in</button>
    </form>
    ${
      passkey !== undefined &&
      passkeyForm({
        ...{ action: passkey, options: `${passkey}/options`, formToken, kind: 'get' },
        content: html`<button class="wide plain">Sign in with a passkey</button>`,
      })
    }`;
}

interface SetupModel extends Form {
  readonly name?: string | undefined;
  readonly minPasswordLength: number;
}

export function setupPage(model: SetupModel): string {
  const { action, formToken, email, name, minPasswordLength, problem } = model;
  const content = html`<h1>Create the owner account</h1>
    <p class="quiet">
      You are the first to set up this server. The owner can allow applications everything that it offers.
    </p>
    ${problemNote(problem)}
    <form method="post" action="${action}">
      <input type="hidden" name="form_token" value="${formToken}" />
      <label for="name">Your name</label>
      <input
        id="name"
        name="name"
        autocomplete="name"
        maxlength="100"
        value="${name}"
        ${focus(problem === undefined)}
      />
      ${emailField(email, { focus: false })}
      ${newPasswordFields({ minLength: minPasswordLength, attributes: focus(problem !== undefined) })}
      <button class="wide">Create the account</button>
    </form>`;
  return layout({ title: 'Create the owner account', problem, content });
}

function emailField(
  email: string | undefined,
  options: { readonly problem?: string | undefined; readonly focus: boolean },
): Html {
  return html`<label for="email">E-mail address</label>
    <input
      id="email"
      name="email"
      type="email"
      autocomplete="username"
      required
      maxlength="254"
      value="${email}"
      ${focus(options.focus)}
      ${invalid(options.problem)}
    />`;
}

function focus(wanted: boolean): Html | undefined {
  return wanted ? html`autofocus` : undefined;
}
