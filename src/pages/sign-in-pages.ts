import { type Html, html } from './html.ts';
import { layout, problemNote } from './layout.ts';
import { passkeyForm } from './passkey-form.ts';
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
    title: withProblem('Sign in', problem),
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
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        maxlength="256"
        ${focus(first && email !== undefined)}
        ${invalid(problem)}
      />
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
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="new-password"
        required
        minlength="${minPasswordLength}"
        maxlength="256"
        aria-describedby="password-hint"
        ${focus(problem !== undefined)}
      />
      <p class="hint" id="password-hint">
        At least ${minPasswordLength} characters. A few random words are good.
      </p>
      <label for="password_again">The same password again</label>
      <input
        id="password_again"
        name="password_again"
        type="password"
        autocomplete="new-password"
        required
        maxlength="256"
      />
      <button class="wide">Create the account</button>
    </form>`;
  return layout({ title: withProblem('Create the owner account', problem), content });
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

function invalid(problem: string | undefined): Html | undefined {
  return problem === undefined ? undefined : html`aria-invalid="true" aria-describedby="problem"`;
}

/** A title is the first thing that is read out. */
function withProblem(title: string, problem: string | undefined): string {
  return problem === undefined ? title : `Problem: ${title}`;
}
