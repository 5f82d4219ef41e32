/** What the administration adds to the style sheet: tables, which become cards where there is no room, and forms. */
export const ADMIN_STYLES = `
main:has(.sections) { max-width: 64rem; }
.sections ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; margin: 0 0 1.4rem; padding: 0 0 0.8rem; list-style: none; border-bottom: 1px solid var(--line); }
.sections a { display: inline-block; padding: 0.3rem 0; }
.sections a[aria-current] { color: var(--ink); font-weight: 650; text-decoration-thickness: 0.15em; }
.sections li:last-child { margin-left: auto; }
.search { margin: 0 0 1.25rem; }
.search label { margin-top: 0; }
.search .row { display: flex; gap: 0.5rem; }
.search input { flex: 1; min-width: 0; }
.note h2 { margin: 0 0 0.3rem; }
.note pre { margin-bottom: 0; background: var(--card); }
table.list { width: 100%; margin: 0 0 1.25rem; border-collapse: collapse; font-size: 0.925rem; overflow-wrap: break-word; }
table.list th[scope="row"] { min-width: 11rem; }
table.list caption { padding: 0 0 0.4rem; font-weight: 600; text-align: left; }
table.list th, table.list td { padding: 0.6rem 0.9rem 0.6rem 0; border-top: 1px solid var(--line); font-weight: 400; text-align: left; vertical-align: top; }
table.list thead th { padding-top: 0.3rem; padding-bottom: 0.3rem; color: var(--quiet); font-size: 0.85rem; white-space: nowrap; }
table.list .column { display: none; }
table.list td.acts, table.list th:last-child:not([scope="row"]) { padding-right: 0; }
table.list td.acts { text-align: right; }
table.list td.acts form + form { margin-top: 0.4rem; }
.second { display: block; overflow-wrap: anywhere; color: var(--quiet); font-size: 0.85rem; }
.tone.bad { color: var(--bad-line); font-weight: 600; }
.tone.good { color: var(--good-line); }
.tone.quiet { color: var(--quiet); }
button.slim { min-height: 2.25rem; padding: 0.2rem 0.75rem; font-size: 0.9rem; white-space: nowrap; }
.facts { margin: 0 0 1.25rem; }
.facts > div { display: grid; grid-template-columns: 12rem 1fr; gap: 0 1rem; padding: 0.5rem 0; border-top: 1px solid var(--line); }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; }
section.act { padding: 1.1rem 0; border-top: 1px solid var(--line); }
section.act h2 { margin: 0 0 0.3rem; }
section.act form { max-width: 30rem; }
section.act button { margin-top: 0.9rem; }
fieldset { margin: 1rem 0 0; padding: 0; border: 0; }
legend { padding: 0; font-weight: 600; }
.option { display: flex; gap: 0.6rem; align-items: flex-start; padding: 0.3rem 0; }
.option input { flex: none; width: 1.25rem; min-height: 1.25rem; height: 1.25rem; margin: 0.15rem 0 0; accent-color: var(--accent); }
.option label { margin: 0; font-weight: 400; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 46rem) {
  table.list thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table.list, table.list caption, table.list tbody, table.list tr, table.list th, table.list td { display: block; }
  table.list tr { padding: 0.75rem 0; border-top: 1px solid var(--line); }
  table.list th, table.list td { padding: 0.15rem 0; border: 0; }
  table.list td { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: 0 0.75rem; }
  table.list td.acts { display: block; padding-top: 0.5rem; text-align: left; }
  table.list .column { display: block; color: var(--quiet); }
  .facts > div { grid-template-columns: 1fr; }
  .sections li:last-child { margin-left: 0; }
}
`;
