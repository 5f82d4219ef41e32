import type TurndownService from 'turndown';
import type { DomElement } from './dom.ts';

const LANGUAGE = /(?:^|\s)(?:language-|lang-|highlight-source-|brush:\s*)([\w+#-]{1,30})/;

/** Code as it is written, whether an element says that it is code or not: escapes and lost lines would change it. */
export function addPreformatted(turndown: TurndownService): void {
  turndown.addRule('preformatted', {
    filter: 'pre',
    replacement: (_, node: DomElement) => fenced(node),
  });
}

function fenced(pre: DomElement): string {
  const code = pre.textContent.replace(/^\n|\n$/g, '');
  if (code.trim() === '') return '';
  const [inner] = pre.querySelectorAll('code');
  const classes = [inner, pre, pre.parentNode].map((element) => element?.getAttribute('class') ?? '');
  const [, language = ''] = LANGUAGE.exec(classes.join(' ')) ?? [];
  if (!code.includes('\n') && isInCell(pre)) return `\`${code}\``;
  let longest = 2;
  for (const [run] of code.matchAll(/^`{3,}/gm)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  return `\n\n${fence}${language}\n${code}\n${fence}\n\n`;
}

function isInCell(pre: DomElement): boolean {
  let around = pre.parentNode;
  while (around !== null && !['TD', 'TH', 'LI'].includes(around.nodeName)) around = around.parentNode;
  return around?.nodeName === 'TD' || around?.nodeName === 'TH';
}
