import type { ChecksField, ChoiceField, Field, Form, TextField } from './admin-model.ts';
import { type Html, html } from './html.ts';

interface Place {
  readonly formToken: string;
  /** Makes the ids of its fields unlike those of other forms. */
  readonly id: string;
}

/** A form that changes something, under a heading of its own. */
export function adminForm(
  { title, text, action, fields, button, danger = false }: Form,
  { formToken, id }: Place,
): Html {
  return html`<section class="act" aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${text !== undefined && html`<p class="quiet small">${text}</p>`}
    <form method="post" action="${action}">
      <input type="hidden" name="form_token" value="${formToken}" />
      ${fields.map((field, index) => fieldContent(field, `${id}-${index}`))}
      <button class="${danger ? 'danger' : 'plain'}">${button}</button>
    </form>
  </section>`;
}

function fieldContent(field: Field, id: string): Html {
  if (field.kind === 'choice') return choice(field, id);
  if (field.kind === 'checks') return checks(field, id);
  return textField(field, id);
}

function textField({ kind, name, label, value, hint, required = false }: TextField, id: string): Html {
  return html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      type="${kind}"
      autocomplete="${kind === 'password' ? 'new-password' : 'off'}"
      value="${value}"
      maxlength="2000"
      ${required && html`required`}
      ${hint !== undefined && html`aria-describedby="${id}-hint"`}
    />
    ${hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`}`;
}

function choice({ name, label, options }: ChoiceField, id: string): Html {
  return optionGroup(label, id, { type: 'radio', options: options.map((option) => ({ ...option, name })) });
}

function checks({ label, options }: ChecksField, id: string): Html {
  return optionGroup(label, id, { type: 'checkbox', options });
}

function optionGroup(
  label: string,
  id: string,
  { type, options }: { readonly type: 'radio' | 'checkbox'; readonly options: ChecksField['options'] },
): Html {
  return html`<fieldset>
    <legend>${label}</legend>
    ${options.map(
      (option, index) =>
        html`<div class="option">
          <input
            type="${type}"
            id="${id}-${index}"
            name="${option.name}"
            value="${option.value}"
            ${option.checked && html`checked`}
          />
          <label for="${id}-${index}">${option.label}</label>
        </div>`,
    )}
  </fieldset>`;
}
