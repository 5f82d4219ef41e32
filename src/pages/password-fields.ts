import { type Html, html } from './html.ts';

/** Longer ones are refused: hashing costs time. */
const MAX_LENGTH = 256;

interface CurrentPassword {
  readonly label?: string;
  /** Of the element; the name that is sent stays `password`. */
  readonly id?: string;
  readonly attributes?: Html | undefined;
}

/** Where a person proves who they are. Sent as `password`. */
export function currentPasswordField({
  label = 'Password',
  id = 'password',
  attributes,
}: CurrentPassword = {}): Html {
  return html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      name="password"
      type="password"
      autocomplete="current-password"
      required
      maxlength="${MAX_LENGTH}"
      ${attributes}
    />`;
}

interface NewPassword {
  readonly minLength: number;
  readonly label?: string;
  readonly again?: string;
  /** Sent as this, and a second time with `_again` behind it. */
  readonly name?: string;
  /** What follows from it, said below the field. */
  readonly effect?: string;
  readonly attributes?: Html | undefined;
}

/** Where a person chooses a password, twice. */
export function newPasswordFields({
  minLength,
  label = 'Password',
  again = 'The same password again',
  name = 'password',
  effect,
  attributes,
}: NewPassword): Html {
  return html`<label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="password"
      autocomplete="new-password"
      required
      minlength="${minLength}"
      maxlength="${MAX_LENGTH}"
      aria-describedby="${name}-hint"
      ${attributes}
    />
    <p class="hint" id="${name}-hint">
      At least ${minLength} characters. A few random words are good.${effect !== undefined && ` ${effect}`}
    </p>
    <label for="${name}_again">${again}</label>
    <input
      id="${name}_again"
      name="${name}_again"
      type="password"
      autocomplete="new-password"
      required
      maxlength="${MAX_LENGTH}"
    />`;
}
