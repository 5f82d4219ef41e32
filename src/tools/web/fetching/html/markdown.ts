import { isProbablyReaderable, Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';
import TurndownService from 'turndown';
import type { Distilled } from './distill.ts';
import type { DomElement } from './dom.ts';
import { addPreformatted } from './preformatted.ts';
import { tableRules } from './tables.ts';

export interface Markdown {
  readonly markdown: string;
  /** Whether menus, comments and the like were left out. */
  readonly isMainPart: boolean;
}

/** What Readability finds has to be that long, or it has taken a notice for the article. */
const MIN_ARTICLE_LENGTH = 500;

/** The article of a page where it has one, else all of it, as Markdown of the GitHub flavour. */
export function toMarkdown({ title, html: pieces = [] }: Distilled): Markdown {
  const html = pieces.join('');
  const article = articleOf(title, html);
  const body = documentOf('', article ?? html).body;
  const written = service().turndown(tableRules.mark(body));
  const text = written
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  const heading = title === '' || text.startsWith('# ') ? '' : `# ${title}\n\n`;
  return { markdown: `${heading}${text}`, isMainPart: article !== undefined };
}

function articleOf(title: string, html: string): string | undefined {
  const { document } = documentOf(title, html);
  if (!isProbablyReaderable(document)) return undefined;
  const article: Article | null = new Readability(document, {
    disableJSONLD: true,
    keepClasses: true,
  }).parse();
  return (article?.length ?? 0) < MIN_ARTICLE_LENGTH ? undefined : (article?.content ?? undefined);
}

interface Article {
  readonly content?: string | null | undefined;
  readonly length?: number | null | undefined;
}

/** The compiler does not know browsers' types in this program. */
interface Page {
  readonly document: object;
  readonly body: DomElement;
}

function documentOf(title: string, html: string): Page {
  const escaped = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const page = `<!doctype html><html><head><title>${escaped}</title></head><body>${html}</body></html>`;
  // Its own types need those of a browser.
  const { document } = parseHTML(page) as unknown as { readonly document: { readonly body: DomElement } };
  return { document, body: document.body };
}

function service(): TurndownService {
  const turndown = new TurndownService({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
    emDelimiter: '*',
  });
  turndown.addRule('strikethrough', {
    filter: ['del', 's'],
    replacement: (content) => (content.trim() === '' ? content : `~~${content}~~`),
  });
  turndown.addRule('link', {
    filter: 'a',
    replacement: (content, node: DomElement) => linkText(content, node.getAttribute('href')),
  });
  turndown.addRule('task', {
    filter: 'input',
    replacement: (_, node: DomElement) =>
      node.getAttribute('type') !== 'checkbox' ? '' : node.getAttribute('checked') === null ? '[ ] ' : '[x] ',
  });
  addPreformatted(turndown);
  tableRules.addTo(turndown);
  return turndown;
}

/** On one line: cards of whole sections are links, and Markdown has none over several blocks. */
function linkText(content: string, href: string | null): string {
  if (href === null || content.trim() === '') return content;
  const [, before = '', words = '', after = ''] = /^(\s*)([^]*?)(\s*)$/.exec(content) ?? [];
  const line = words.includes('\n') ? words.replace(/\s*\n\s*/g, ' ').replace(/^#+ /, '') : words;
  const label = `[${line}](${href.replace(/[<>()]/g, '\\$&')})`;
  return words.includes('\n') ? `\n\n${label}\n\n` : `${before}${label}${after}`;
}
