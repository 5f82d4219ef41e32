import { type Html, html } from './html.ts';
import { invalid, layout, problemNote } from './layout.ts';

interface Form {
  readonly action: string;
  readonly formToken: string;
}

interface Enter extends Form {
  readonly step: 'enter';
  readonly userCode?: string | undefined;
  readonly problem?: string | undefined;
}

interface Confirm extends Form {
  readonly step: 'confirm';
  readonly userCode: string;
  readonly client: { readonly name: string; readonly verifiedHost?: string | undefined };
  readonly device: {
    readonly address: string;
    readonly userAgent: string;
    readonly elsewhere: boolean;
  };
}

interface Done {
  readonly step: 'allowed' | 'denied';
  readonly client?: string | undefined;
}

type DeviceModel = Enter | Confirm | Done;

/** The pages on which people connect a device that has no browser. */
export function devicePage(model: DeviceModel): string {
  if (model.step === 'enter') return enterPage(model);
  if (model.step === 'confirm') return confirmPage(model);
  return donePage(model);
}

function enterPage({ action, formToken, userCode, problem }: Enter): string {
  const content = html`<h1>Connect a device</h1>
    <p class="quiet">Enter the code that the device or program shows that you are connecting.</p>
    ${problemNote(problem)}
    <form method="post" action="${action}">
      <input type="hidden" name="xsrf" value="${formToken}" />
      <label for="user_code">Code</label>
      <input
        id="user_code"
        class="user-code"
        name="user_code"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        required
        maxlength="20"
        value="${userCode}"
        autofocus
        ${invalid(problem)}
      />
      <button class="wide">Continue</button>
    </form>
    <div class="note warn">
      <p>
        Did somebody send you this code, or this address? Then stop here: whoever started this gets the
        access, and it is not you.
      </p>
    </div>`;
  return layout({ title: 'Connect a device', problem, content });
}

function confirmPage({ action, formToken, userCode, client, device }: Confirm): string {
  const title = 'Did you start this?';
  const content = html`<h1>${title}</h1>
    ${identity(client)}
    <p>The device must show exactly this code:</p>
    <p class="user-code"><code>${userCode}</code></p>
    <h2>Where the request came from</h2>
    <p>
      Address <code>${device.address}</code>${
        device.userAgent !== '' && html`<br /><span class="quiet small">${device.userAgent}</span>`
      }
    </p>
    ${
      device.elsewhere &&
      html`<div class="note bad">
        <p>This is another network than the one that you are in now. Continue only if you know why.</p>
      </div>`
    }
    <div class="note warn">
      <p>
        Continue only if you started this yourself, on a device that you have in front of you. If somebody
        sent you the code, stop.
      </p>
    </div>
    <form method="post" action="${action}">
      <input type="hidden" name="xsrf" value="${formToken}" />
      <input type="hidden" name="user_code" value="${userCode}" />
      <div class="choices">
        <button class="plain" name="abort" value="yes">Stop</button>
        <button name="confirm" value="yes">I started this</button>
      </div>
    </form>`;
  return layout({ title, content });
}

function identity({ name, verifiedHost }: Confirm['client']): Html {
  return verifiedHost === undefined
    ? html`<p>
        An application that calls itself <strong>${name}</strong> asks for access. Nobody has checked that
        name.
      </p>`
    : html`<p>
        <strong>${name}</strong> asks for access. <strong>${verifiedHost}</strong> says that this application
        is theirs.
      </p>`;
}

function donePage({ step, client }: Done): string {
  const name = client === undefined ? 'The device' : html`<strong>${client}</strong>`;
  const title = step === 'allowed' ? 'The device is connected' : 'The device has no access';
  const content =
    step === 'allowed'
      ? html`<h1>${title}</h1>
          <p>${name} goes on by itself in a few seconds. You can close this page.</p>
          <p class="quiet">You can end its access on the <a href="/account">account page</a> at any time.</p>`
      : html`<h1>${title}</h1>
          <p>${name} was told so. You can close this page.</p>`;
  return layout({ title, content });
}
