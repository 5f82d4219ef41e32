import type { Act, Cell, Table } from './admin-model.ts';
import { type Html, html } from './html.ts';

/** A table that becomes a list of cards where there is no room for columns. */
export function adminTable({ caption, columns, rows, empty }: Table, formToken: string): Html {
  if (rows.length === 0) return html`<p>${empty}</p>`;
  const hasActs = rows.some(({ acts = [] }) => acts.length > 0);
  // Roles that a table loses in some browsers when a style sheet makes blocks of its parts.
  return html`<table class="list" role="table">
    <caption>
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map((column) => html`<th scope="col" role="columnheader">${column}</th>`)}
        ${hasActs && html`<th scope="col" role="columnheader"><span class="unseen">What can be done</span></th>`}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        ({ cells, acts = [] }) =>
          html`<tr role="row">
            ${cells.map((cell, index) => tableCell(cell, index, columns[index] ?? ''))}
            ${hasActs && html`<td role="cell" class="acts">${acts.map((act) => actForm(act, formToken))}</td>`}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function tableCell(cell: Cell, index: number, column: string): Html {
  if (index === 0) return html`<th scope="row" role="rowheader">${cellContent(cell)}</th>`;
  return html`<td role="cell">
    <span class="column" aria-hidden="true">${column}</span>
    <div>${cellContent(cell)}</div>
  </td>`;
}

export function cellContent({ text, href, note, tone, time }: Cell): Html {
  const shown =
    time === undefined ? html`${text}` : html`<time datetime="${time.toISOString()}">${text}</time>`;
  return html`<span class="tone ${tone}"
      >${href === undefined ? shown : html`<a href="${href}">${shown}</a>`}</span
    >
    ${note !== undefined && html`<span class="second">${note}</span>`}`;
}

function actForm({ label, name, action, fields, danger = false }: Act, formToken: string): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="form_token" value="${formToken}" />
    ${Object.entries(fields).map(
      ([field, value]) => html`<input type="hidden" name="${field}" value="${value}" />`,
    )}
    <button class="${danger ? 'danger' : 'plain'} slim" aria-label="${name}">${label}</button>
  </form>`;
}
