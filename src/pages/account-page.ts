import { type AccountModel, tokenField } from './account-model.ts';
import { passkeySection } from './account-passkeys.ts';
import { passwordSection } from './account-password.ts';
import { type Html, html } from './html.ts';
import { layout, problemNote } from './layout.ts';
import { scopeList } from './scope-list.ts';
import { dayOf, momentOf } from './time.ts';

export function accountPage(model: AccountModel): string {
  const { action, person, notice, problem, passkeys, administration } = model;
  const content = html`<div class="head">
      <div>
        <h1>Your account</h1>
        <p class="quiet">${person.name} · ${person.email}</p>
        ${administration !== undefined && html`<p><a href="${administration}">Administration</a></p>`}
      </div>
      <form method="post" action="${action}/sign-out">
        ${tokenField(model)}<button class="plain">Sign out</button>
      </form>
    </div>
    ${problemNote(problem)}
    ${
      notice !== undefined &&
      problem === undefined &&
      html`<div class="note good" role="status"><p>${notice}</p></div>`
    }
    ${grantSection(model)} ${sessionSection(model)} ${passkeySection(model)} ${passwordSection(model)}`;
  return layout({ title: 'Your account', problem, content, wide: true, passkeys: passkeys.state === 'add' });
}

function grantSection(model: AccountModel): Html {
  const { grants, mcpUrl, action } = model;
  return html`<section aria-labelledby="applications">
    <h2 id="applications">Connected applications</h2>
    ${
      grants.length === 0
        ? html`<p>No application acts in your name. Connect one with this address:</p>
            <pre>${mcpUrl}</pre>`
        : html`<ul class="entries">
            ${grants.map((grant) => grantItem(grant, model))}
          </ul>`
    }
    ${
      grants.length > 1 &&
      html`<form method="post" action="${action}/revoke">
        ${tokenField(model)}<input type="hidden" name="grant" value="all" />
        <button class="danger">Revoke all access</button>
      </form>`
    }
  </section>`;
}

function grantItem(grant: AccountModel['grants'][number], model: AccountModel): Html {
  return html`<li>
    <div class="row">
      <div>
        <h3>${grant.clientName}</h3>
        <p class="quiet small">
          ${grant.published ? 'Published by' : 'Sends you back to'} ${grant.clientHost}<br />
          Allowed on
          ${dayOf(grant.allowedAt)}${grant.expiresAt !== undefined && html`, ends ${momentOf(grant.expiresAt)}`}<br />
          ${grant.lastUsedAt !== undefined && html`Last renewed its access ${momentOf(grant.lastUsedAt)}`}
        </p>
      </div>
      <form method="post" action="${model.action}/revoke">
        ${tokenField(model)}<input type="hidden" name="grant" value="${grant.gid}" />
        <button class="danger" aria-label="Revoke access of ${grant.clientName}">Revoke access</button>
      </form>
    </div>
    ${scopeList(grant.scopes, 'brief')}
  </li>`;
}

function sessionSection(model: AccountModel): Html {
  const { sessions, action } = model;
  return html`<section aria-labelledby="sessions">
    <h2 id="sessions">Where you are signed in</h2>
    <ul class="entries">
      ${sessions.map((session) => sessionItem(session, model))}
    </ul>
    ${
      sessions.length > 1 &&
      html`<form method="post" action="${action}/sessions/end">
        ${tokenField(model)}<input type="hidden" name="session" value="others" />
        <button class="danger">Sign out all others</button>
      </form>`
    }
  </section>`;
}

function sessionItem(session: AccountModel['sessions'][number], model: AccountModel): Html {
  const { agent, address, current } = session;
  return html`<li>
    <div class="row">
      <div>
        <h3>${agent}${current && html` <span class="tag">this browser</span>`}</h3>
        <p class="quiet small">
          Signed in
          ${momentOf(session.signedInAt)}${address !== undefined && html`, from <code>${address}</code>`}
        </p>
      </div>
      ${
        !current &&
        html`<form method="post" action="${model.action}/sessions/end">
          ${tokenField(model)}<input type="hidden" name="session" value="${session.uid}" />
          <button
            class="plain"
            aria-label="Sign out ${agent}, signed in ${momentOf(session.signedInAt, 'text')}"
          >
            Sign out
          </button>
        </form>`
      }
    </div>
  </li>`;
}
