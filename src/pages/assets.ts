import { hash } from 'node:crypto';
import { STYLESHEET } from './stylesheet.ts';

/** The mark of the pages in a colour that shows on light and dark tabs. */
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#1f8799"><circle cx="16" cy="16" r="9" stroke-width="4"/><path d="M1 24c6 0 9-3 12-6s5-6 18-8" stroke-width="2.5" stroke-linecap="round"/></svg>';

export const STYLESHEET_PATH = pathOf(STYLESHEET, 'css');
export const ICON_PATH = pathOf(ICON, 'svg');

/** Named by its content, so that caches can keep it for ever. */
function pathOf(content: string, extension: string): string {
  return `/assets/${hash('sha256', content, 'base64url').slice(0, 16)}.${extension}`;
}
