import { type Html, html } from './html.ts';

interface PasskeyForm {
  /** Path to post the browser's answer to. */
  readonly action: string;
  /** Path that answers what the browser needs. */
  readonly options: string;
  readonly formToken: string;
  /** Whether a passkey is used or made. */
  readonly kind: 'get' | 'create';
  /** Fields and the button. */
  readonly content: Html;
}

/** A form that the script shows and sends: without it, a passkey cannot be asked for. */
export function passkeyForm({ action, options, formToken, kind, content }: PasskeyForm): Html {
  return html`<form
    method="post"
    action="${action}"
    class="passkey"
    data-passkey="${kind}"
    data-options="${options}"
    hidden
  >
    <input type="hidden" name="form_token" value="${formToken}" />
    <input type="hidden" name="credential" />
    ${content}
    <p class="hint" role="status"></p>
  </form>`;
}
