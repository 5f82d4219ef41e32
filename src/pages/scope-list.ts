import { type Html, html } from './html.ts';

export interface ScopeLine {
  readonly name: string;
  readonly words: string;
}

/** Scopes, each in words. */
export function scopeList(
  scopes: readonly ScopeLine[],
  kind: 'withheld' | 'held' | 'brief' | '' = '',
): Html | undefined {
  if (scopes.length === 0) return undefined;
  return html`<ul class="scopes ${kind}">
    ${scopes.map(({ name, words }) => html`<li>${words} <code>${name}</code></li>`)}
  </ul>`;
}
