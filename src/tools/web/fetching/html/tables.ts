import type TurndownService from 'turndown';
import type { DomElement } from './dom.ts';

const MAX_COLUMNS = 100;
/** How many columns the table has, on its first row; `0` on a table that only arranges the page. */
const COLUMNS = 'data-columns';
/** On the rows of such a table. */
const LOOSE = 'data-loose';
const MEASURED_ROWS = 1000;

/** Notes on each table what its rows are written by: looking at neighbours for each cell takes the square of them. */
function mark(root: DomElement): DomElement {
  const rows = rowsByTable(root);
  const widths = countCells(root);
  const code = Array.from(root.querySelectorAll('pre')).filter(({ textContent }) =>
    textContent.includes('\n'),
  );
  const arranging = holdersOf([...rows.keys(), ...code]);
  for (const [table, own] of rows) {
    const columns = Math.min(
      MAX_COLUMNS,
      Math.max(0, ...own.slice(0, MEASURED_ROWS).map((row) => widths.get(row) ?? 0)),
    );
    const isArranging = arranging.has(table) || columns < 2;
    table.setAttribute(COLUMNS, isArranging ? '0' : String(columns));
    own[0]?.setAttribute(COLUMNS, String(columns));
    if (isArranging) for (const row of own) row.setAttribute(LOOSE, '');
  }
  return root;
}

function rowsByTable(root: DomElement): Map<DomElement, DomElement[]> {
  const rows = new Map<DomElement, DomElement[]>();
  for (const table of root.querySelectorAll('table')) rows.set(table, []);
  for (const row of root.querySelectorAll('tr')) {
    const table = tableOf(row);
    if (table !== undefined) rows.get(table)?.push(row);
  }
  return rows;
}

/** Everything that one of these stands in. */
function holdersOf(elements: readonly DomElement[]): Set<DomElement> {
  const holders = new Set<DomElement>();
  for (const element of elements) {
    for (
      let around = element.parentNode;
      around !== null && !holders.has(around);
      around = around.parentNode
    ) {
      holders.add(around);
    }
  }
  return holders;
}

function countCells(root: DomElement): Map<DomElement, number> {
  const widths = new Map<DomElement, number>();
  for (const cell of root.querySelectorAll('td,th')) {
    const row = cell.parentNode;
    if (row !== null) widths.set(row, (widths.get(row) ?? 0) + span(cell));
  }
  return widths;
}

function tableOf(row: DomElement): DomElement | undefined {
  let around = row.parentNode;
  while (around !== null && around.nodeName !== 'TABLE') around = around.parentNode;
  return around ?? undefined;
}

function span(cell: DomElement): number {
  const columns = Number(cell.getAttribute('colspan') ?? 1);
  return Number.isInteger(columns) && columns > 0 ? Math.min(columns, MAX_COLUMNS) : 1;
}

function isLoose(cell: DomElement): boolean {
  const row = cell.parentNode;
  return row?.nodeName !== 'TR' || row.getAttribute(LOOSE) !== null;
}

function cellText(content: string, cell: DomElement): string {
  if (isLoose(cell)) return `\n\n${content.trim()}\n\n`;
  const flat = content
    .trim()
    .replace(/\s*\n\s*/g, ' <br> ')
    .replace(/(?<!\\)\|/g, '\\|');
  return ` ${flat} |${'  |'.repeat(span(cell) - 1)}`;
}

function rowText(content: string, row: DomElement): string {
  if (row.getAttribute(LOOSE) !== null) return content;
  const columns = Number(row.getAttribute(COLUMNS) ?? 0);
  const line = `|${content.replace(/\n/g, ' ')}`;
  return columns === 0 ? `\n${line}` : `\n${line}\n|${' --- |'.repeat(columns)}`;
}

function addTo(turndown: TurndownService): void {
  turndown.addRule('cell', {
    filter: ['td', 'th'],
    replacement: (content, node: DomElement) => cellText(content, node),
  });
  turndown.addRule('row', {
    filter: 'tr',
    replacement: (content, node: DomElement) => rowText(content, node),
  });
  turndown.addRule('rows', { filter: ['thead', 'tbody', 'tfoot'], replacement: (content) => content });
  turndown.addRule('table', {
    filter: 'table',
    replacement: (content, node: DomElement) =>
      node.getAttribute(COLUMNS) === '0'
        ? `\n\n${content}\n\n`
        : `\n\n${content.replace(/\n{2,}/g, '\n').trim()}\n\n`,
  });
}

/** Tables with one line a row. One in which others or lines of code stand, or of one column, only arranges the page. */
export const tableRules = { mark, addTo };
