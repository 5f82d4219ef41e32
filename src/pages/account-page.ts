import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { type ScopeLine, scopeList } from './scope-list.ts';

interface Grant {
  readonly gid: string;
  readonly clientName: string;
  readonly clientHost: string;
  readonly allowedAt: Date;
  readonly scopes: readonly ScopeLine[];
}

interface AccountModel {
  /** Path that the forms' own paths start with. */
  readonly action: string;
  readonly formToken: string;
  readonly person: { readonly name: string; readonly email: string };
  readonly grants: readonly Grant[];
  readonly mcpUrl: string;
  readonly notice?: string | undefined;
}

const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

export function accountPage(model: AccountModel): string {
  const { action, formToken, person, grants, mcpUrl, notice } = model;
  const token = html`<input type="hidden" name="form_token" value="${formToken}" />`;
  const content = html`<div class="head">
      <div>
        <h1>Connected applications</h1>
        <p class="quiet">${person.name} · ${person.email}</p>
      </div>
      <form method="post" action="${action}/sign-out">${token}<button class="plain">Sign out</button></form>
    </div>
    ${notice !== undefined && html`<div class="note good" role="status"><p>${notice}</p></div>`}
    ${
      grants.length === 0
        ? html`<p>No application acts in your name.</p>
            <p>Connect one with this address:</p>
            <pre>${mcpUrl}</pre>`
        : html`<ul class="grants">
              ${grants.map((grant) => grantItem(grant, action, token))}
            </ul>
            <div class="foot">
              <form method="post" action="${action}/revoke">
                ${token}<input type="hidden" name="grant" value="all" />
                <button class="danger">Revoke all access</button>
              </form>
            </div>`
    }`;
  return layout({ title: 'Connected applications', content, wide: true });
}

function grantItem(grant: Grant, action: string, token: Html): Html {
  return html`<li>
    <div class="row">
      <div>
        <h2>${grant.clientName}</h2>
        <p class="quiet small">
          ${grant.clientHost} · allowed on
          <time datetime="${grant.allowedAt.toISOString()}">${DATE.format(grant.allowedAt)}</time>
        </p>
      </div>
      <form method="post" action="${action}/revoke">
        ${token}<input type="hidden" name="grant" value="${grant.gid}" />
        <button class="danger" aria-label="Revoke the access of ${grant.clientName}">Revoke access</button>
      </form>
    </div>
    ${scopeList(grant.scopes, 'brief')}
  </li>`;
}
