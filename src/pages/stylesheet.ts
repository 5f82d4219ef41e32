import { ADMIN_STYLES } from './admin-styles.ts';

/** The one stylesheet of all pages. Colours meet WCAG 2.2 AA in both schemes. */
export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ground: #f2f0ea;
  --card: #ffffff;
  --sunken: #f6f4ef;
  --ink: #14212b;
  --quiet: #51606b;
  --line: #d8d3c7;
  --field: #8a949b;
  --accent: #0a5866;
  --accent-strong: #074450;
  --on-accent: #ffffff;
  --warn: #fdf3d7;
  --warn-line: #c9941f;
  --bad: #fdeceb;
  --bad-line: #b3261e;
  --good: #e6f3ec;
  --good-line: #2b7a52;
  --radius: 10px;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d151b;
    --card: #16212a;
    --sunken: #111b23;
    --ink: #e6ecef;
    --quiet: #a3b2bc;
    --line: #2a3943;
    --field: #6f808c;
    --accent: #63c5d6;
    --accent-strong: #8ad6e3;
    --on-accent: #06222a;
    --warn: #2e2610;
    --warn-line: #c9941f;
    --bad: #361917;
    --bad-line: #e5766e;
    --good: #12291f;
    --good-line: #4da77c;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  display: flex;
  flex-direction: column;
  align-items: center;
  padding: 2.5rem 1rem 2rem;
  background: var(--ground);
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: anywhere;
}
.brand {
  display: inline-flex;
  align-items: center;
  gap: 0.55rem;
  margin-bottom: 1.25rem;
  color: var(--ink);
  font-weight: 650;
  letter-spacing: 0.01em;
  text-decoration: none;
}
.brand svg { width: 1.6rem; height: 1.6rem; color: var(--accent); }
main {
  width: 100%;
  max-width: 27rem;
  padding: 1.75rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: calc(var(--radius) + 4px);
}
main.wide { max-width: 46rem; }
h1 { margin: 0 0 0.5rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -0.01em; text-wrap: balance; }
h2 { margin: 1.75rem 0 0.5rem; font-size: 1.05rem; line-height: 1.3; }
h3 { margin: 0; font-size: 1rem; line-height: 1.4; }
p { margin: 0 0 0.9rem; }
.quiet { color: var(--quiet); }
.small { font-size: 0.9rem; }
a { color: var(--accent); text-underline-offset: 0.15em; }
a:hover { color: var(--accent-strong); }
strong { font-weight: 650; }
code, pre { font: 0.9em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre {
  margin: 0.35rem 0 0.9rem;
  padding: 0.7rem 0.85rem;
  background: var(--sunken);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  white-space: pre-wrap;
}
label { display: block; margin: 1rem 0 0.3rem; font-weight: 600; }
.hint { margin: 0.3rem 0 0; color: var(--quiet); font-size: 0.875rem; }
input {
  width: 100%;
  min-height: 2.75rem;
  padding: 0.5rem 0.75rem;
  background: var(--card);
  color: inherit;
  border: 1px solid var(--field);
  border-radius: var(--radius);
  font: inherit;
}
input[aria-invalid="true"] { border-color: var(--bad-line); }
button {
  min-height: 2.75rem;
  padding: 0.5rem 1.15rem;
  background: var(--accent);
  color: var(--on-accent);
  border: 1px solid var(--accent);
  border-radius: var(--radius);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
button.plain { background: transparent; color: var(--ink); border-color: var(--field); }
button.plain:hover { background: var(--sunken); }
button.danger { background: transparent; color: var(--bad-line); border-color: var(--bad-line); }
button.danger:hover { background: var(--bad); }
.user-code { font: 600 1.35rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: 0.12em; }
p.user-code code { font: inherit; }
button.wide { width: 100%; margin-top: 1.4rem; }
form.passkey button.wide { margin-top: 0.75rem; }
button:disabled { opacity: 0.6; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.choices { display: flex; gap: 0.75rem; margin-top: 1.5rem; }
.choices button { flex: 1; }
.note {
  margin: 1rem 0;
  padding: 0.7rem 0.9rem;
  background: var(--sunken);
  border-left: 4px solid var(--field);
  border-radius: 6px;
}
.note p:last-child { margin-bottom: 0; }
.note.warn { background: var(--warn); border-color: var(--warn-line); }
.note.bad { background: var(--bad); border-color: var(--bad-line); }
.note.good { background: var(--good); border-color: var(--good-line); }
ul.scopes { margin: 0.4rem 0 1rem; padding: 0; list-style: none; }
ul.scopes li {
  padding: 0.55rem 0 0.55rem 1.7rem;
  border-top: 1px solid var(--line);
  position: relative;
}
ul.scopes li:last-child { border-bottom: 1px solid var(--line); }
ul.scopes li::before {
  content: "";
  position: absolute;
  left: 0.3rem;
  top: 0.95rem;
  width: 0.45rem;
  height: 0.8rem;
  border: solid var(--accent);
  border-width: 0 2.5px 2.5px 0;
  transform: rotate(42deg);
}
ul.scopes.withheld li { color: var(--quiet); }
ul.scopes.withheld li::before {
  top: 1.25rem;
  width: 0.7rem;
  height: 0;
  border-width: 0 0 2.5px 0;
  border-color: var(--field);
  transform: none;
}
ul.scopes.brief { margin: 0.6rem 0 0; font-size: 0.925rem; }
ul.scopes.brief li { padding: 0.1rem 0 0.1rem 1.7rem; border: 0; }
ul.scopes.brief li::before { top: 0.35rem; height: 0.7rem; width: 0.4rem; }
ul.scopes.brief code { display: none; }
ul.scopes code { display: block; color: var(--quiet); font-size: 0.8rem; }
ul.scopes.held li::before { border-color: var(--field); }
.entries { margin: 0 0 1rem; padding: 0; list-style: none; }
.entries > li { padding: 1.1rem 0; border-top: 1px solid var(--line); }
.entries > li:last-child { border-bottom: 1px solid var(--line); }
.entries p { margin: 0.15rem 0 0; }
.row { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: flex-start; justify-content: space-between; }
.row > div { flex: 1 1 14rem; }
.tag {
  padding: 0.05rem 0.5rem;
  border: 1px solid var(--field);
  border-radius: 1rem;
  color: var(--quiet);
  font-size: 0.8rem;
  font-weight: 400;
  white-space: nowrap;
}
section + section { margin-top: 2.25rem; }
section > h2 { font-size: 1.2rem; }
.inline { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.inline input { flex: 1 1 14rem; width: auto; }
details { margin-top: 0.6rem; }
summary { width: fit-content; padding: 0.25rem 0; color: var(--accent); cursor: pointer; }
summary:hover { color: var(--accent-strong); }
details form > button { margin-top: 1.25rem; }
fieldset { margin: 1.25rem 0 0; padding: 0; border: 0; min-width: 0; }
legend { padding: 0; font-weight: 600; }
.option { display: flex; gap: 0.65rem; align-items: flex-start; padding: 0.45rem 0; }
.option input { flex: none; width: 1.25rem; min-height: 1.25rem; height: 1.25rem; margin: 0.15rem 0 0; accent-color: var(--accent); }
.option label { flex: 1; margin: 0; font-weight: 400; }
.unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.head { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: flex-start; justify-content: space-between; }
.head > div { flex: 1 1 14rem; }
.head { margin-bottom: 1.1rem; }
.head p { margin: 0; }
main > :last-child { margin-bottom: 0; }
footer { margin-top: 1.25rem; color: var(--quiet); font-size: 0.875rem; text-align: center; }
@media (max-width: 30rem) {
  body { padding: 1.25rem 0.75rem; }
  main { padding: 1.25rem; }
}
@media (forced-colors: active) {
  .note { border: 1px solid; }
}
${ADMIN_STYLES}`.trim();
