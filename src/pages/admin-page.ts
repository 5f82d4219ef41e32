import { adminForm } from './admin-forms.ts';
import type { AdminModel, Finding } from './admin-model.ts';
import { adminTable, cellContent } from './admin-table.ts';
import { type Html, html } from './html.ts';
import { layout, problemNote } from './layout.ts';

const SECTIONS: readonly (readonly [name: string, label: string])[] = [
  ['people', 'People'],
  ['clients', 'Applications'],
  ['grants', 'Grants'],
  ['sessions', 'Sessions'],
  ['connections', 'Connection log'],
];

/** A page of the administration: what was asked for, and the forms that change it. */
export function adminPage(model: AdminModel): string {
  const { title, lead, notice, problem, search, facts, table, more, forms = [], formToken } = model;
  const content = html`${navigation(model.section)}
    <h1>${title}</h1>
    ${lead !== undefined && html`<p class="quiet">${lead}</p>`} ${problemNote(problem)}
    ${notice !== undefined && html`<div class="note good" role="status"><p>${notice}</p></div>`}
    ${secretNote(model.secret)} ${findingNote(model.finding)} ${search !== undefined && searchForm(search)}
    ${facts !== undefined && factList(facts)} ${table !== undefined && adminTable(table, formToken)}
    ${more !== undefined && html`<p><a href="${more}">Next page</a></p>`}
    ${forms.map((form, index) => adminForm(form, { formToken, id: `form-${index}` }))}`;
  return layout({
    title: `${title} · Administration`,
    problem,
    content,
    wide: true,
  });
}

function navigation(current: string): Html {
  return html`<nav class="sections" aria-label="Administration">
    <ul>
      ${SECTIONS.map(
        ([name, label]) =>
          html`<li>
            <a href="/admin/${name}" ${name === current && html`aria-current="true"`}>${label}</a>
          </li>`,
      )}
      <li><a href="/account">My account</a></li>
    </ul>
  </nav>`;
}

function secretNote(secret: AdminModel['secret']): Html | undefined {
  if (secret === undefined) return undefined;
  return html`<div class="note warn" role="status">
    <p>${secret.label}</p>
    <pre>${secret.value}</pre>
  </div>`;
}

function findingNote(finding: Finding | undefined): Html | undefined {
  if (finding === undefined) return undefined;
  const { tone, title, text, next } = finding;
  return html`<div class="note ${tone}">
    <h2>${title}</h2>
    <p>${text}</p>
    ${next !== undefined && html`<p><strong>What to do:</strong> ${next}.</p>`}
  </div>`;
}

function searchForm({ label, value }: NonNullable<AdminModel['search']>): Html {
  return html`<form method="get" role="search" class="search">
    <label for="q">${label}</label>
    <div class="row">
      <input id="q" name="q" type="search" maxlength="200" value="${value}" /><button class="plain">
        Search
      </button>
    </div>
  </form>`;
}

function factList(facts: NonNullable<AdminModel['facts']>): Html {
  return html`<dl class="facts">
    ${facts.map(
      ([label, cell]) =>
        html`<div>
          <dt>${label}</dt>
          <dd>${cellContent(cell)}</dd>
        </div>`,
    )}
  </dl>`;
}
