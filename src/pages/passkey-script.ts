/**
 * The one script: it asks the browser for a passkey, puts its answer into a form and sends that. Forms for
 * passkeys are hidden without it, and where the browser does not know what it needs (Web Authentication
 * Level 3, §5.1). Everything else on the pages works without it.
 */
export const PASSKEY_SCRIPT = `
'use strict';
(() => {
  const browser = globalThis.PublicKeyCredential;
  const parsers = {
    get: (options) => ({ publicKey: browser.parseRequestOptionsFromJSON(options) }),
    create: (options) => ({ publicKey: browser.parseCreationOptionsFromJSON(options) }),
  };
  if (!browser || !browser.parseRequestOptionsFromJSON || !browser.parseCreationOptionsFromJSON) return;

  const say = (form, text) => {
    form.querySelector('[role="status"]').textContent = text;
  };

  const optionsFor = async (form) => {
    const response = await fetch(form.dataset.options, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ form_token: form.elements.form_token.value }),
    });
    if (response.ok) return response.json();
    throw new Error(
      response.status === 429
        ? 'Too many attempts. Try again in a minute.'
        : 'This page is too old. Load it again and repeat.',
    );
  };

  const problemOf = (error) => {
    if (error.name === 'NotAllowedError') return 'No passkey was used: it was cancelled, or took too long.';
    if (error.name === 'InvalidStateError') return 'This device has a passkey for this account already.';
    return error.constructor === Error ? error.message : 'The browser could not use a passkey here.';
  };

  const run = async (form) => {
    const kind = form.dataset.passkey;
    const button = form.querySelector('button');
    button.disabled = true;
    say(form, 'Waiting for your passkey …');
    try {
      const credential = await navigator.credentials[kind](parsers[kind](await optionsFor(form)));
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      say(form, problemOf(error));
      button.disabled = false;
      button.focus();
    }
  };

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      run(form);
    });
  }
})();
`.trim();
