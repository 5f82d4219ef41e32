import { type Html, html } from './html.ts';
import { ICON_PATH, SCRIPT_PATH, STYLESHEET_PATH } from './assets.ts';

interface Page {
  readonly title: string;
  readonly content: Html;
  /** What went wrong. The title says so too: it is the first thing that is read out. */
  readonly problem?: string | undefined;
  /** For pages that are more than a form. */
  readonly wide?: boolean;
  /** Whether the page has a form for passkeys. */
  readonly passkeys?: boolean;
}

/** A ring with a line through it. */
const MARK = html`<svg viewBox="0 0 32 32" fill="none" stroke="currentColor" aria-hidden="true">
  <circle cx="16" cy="16" r="9" stroke-width="4"></circle>
  <path d="M1 24c6 0 9-3 12-6s5-6 18-8" stroke-width="2.5" stroke-linecap="round"></path>
</svg>`;

/** A whole document around the content of a page. */
export function layout({ title, content, problem, wide = false, passkeys = false }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${problem !== undefined && 'Problem: '}${title} · Fairlead</title>
        <link rel="stylesheet" href="${STYLESHEET_PATH}" />
        ${passkeys && html`<script src="${SCRIPT_PATH}" defer></script>`}
        <link rel="icon" type="image/svg+xml" href="${ICON_PATH}" />
      </head>
      <body>
        <header><a class="brand" href="/">${MARK} Fairlead</a></header>
        <main class="${wide ? 'wide' : ''}">${content}</main>
      </body>
    </html>`.toString();
}

/** Marks the field that a problem is about. */
export function invalid(problem: string | undefined): Html | undefined {
  return problem === undefined ? undefined : html`aria-invalid="true" aria-describedby="problem"`;
}

/** What went wrong with a form, read out at once. */
export function problemNote(problem: string | undefined): Html | undefined {
  if (problem === undefined) return undefined;
  return html`<div class="note bad" role="alert" id="problem"><p>${problem}</p></div>`;
}
