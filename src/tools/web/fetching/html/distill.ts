import { Parser } from 'htmlparser2';
import { type Attributes, isHidden } from './hidden.ts';
import { visible } from './invisible.ts';
import { TextFlow } from './text-flow.ts';

/** What of a page people see. */
export interface Distilled {
  readonly title: string;
  readonly text: string;
  /**
   * As HTML of bounded depth, addresses absolute, in pieces; undefined where it has too many elements. Together they
   * can be far more than the page: links take their bases along.
   */
  readonly html: readonly string[] | undefined;
}

/** Elements one in another. Beyond that only their text is kept: what follows is recursive. */
const MAX_TREE_DEPTH = 100;
const MAX_ELEMENTS = 50_000;
const MAX_ADDRESS_LENGTH = 2000;
/** The parser's own stack takes the square of this. */
const MAX_DEPTH = 5000;
const MAX_TITLE_LENGTH = 300;
const MAX_ALT_LENGTH = 200;

class NestedTooDeeply extends Error {
  override readonly name = 'NestedTooDeeply';
}

const UNSEEN: ReadonlySet<string> = new Set([
  ...[
    'script',
    'style',
    'noscript',
    'template',
    'iframe',
    'object',
    'embed',
    'applet',
    'frameset',
    'noframes',
  ],
  ...['svg', 'math', 'canvas', 'audio', 'video', 'map', 'datalist', 'select', 'textarea', 'button', 'dialog'],
]);
const BLOCKS: ReadonlySet<string> = new Set([
  ...[
    'address',
    'article',
    'aside',
    'body',
    'caption',
    'center',
    'dd',
    'details',
    'div',
    'dt',
    'fieldset',
    'figcaption',
  ],
  ...[
    'figure',
    'footer',
    'form',
    'header',
    'hr',
    'legend',
    'li',
    'main',
    'nav',
    'option',
    'section',
    'summary',
    'tr',
  ],
]);
const PARAGRAPHS: ReadonlySet<string> = new Set([
  ...['blockquote', 'dl', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ol', 'p', 'pre', 'table', 'ul'],
]);
const VOID: ReadonlySet<string> = new Set(['br', 'hr', 'img', 'wbr', 'col', 'input']);
const KEPT_ATTRIBUTES = [
  'class',
  'id',
  'lang',
  'dir',
  'colspan',
  'start',
  'type',
  'checked',
  'role',
  'itemprop',
];

const MAX_KEPT_LENGTH = 300;
/** What can stand before an item of a list (CommonMark §5.2). */
const LIST_START = /^\d{1,9}$/;

/** Takes a page apart in one pass, in time and memory that grow with its length only. */
export function distill(source: string, address: string, wantsHtml: boolean): Distilled {
  const distiller = new Distiller(address, wantsHtml);
  const parser = new Parser({
    onopentag: (name, attributes) => {
      distiller.open(name, attributes);
    },
    ontext: (text) => {
      distiller.text(text);
    },
    onclosetag: (name) => {
      distiller.close(name);
    },
  });
  parser.end(source);
  return distiller.result();
}

class Distiller {
  readonly #flow = new TextFlow();
  readonly #html: string[] = [];
  readonly #wantsHtml: boolean;
  #base: string;
  #hasBase = false;
  #title = '';
  #titleAt: number | undefined;
  #depth = 0;
  /** Depth of the element that is left out with all that is in it. */
  #unseenAt: number | undefined;
  #pending = '';
  #preformatted = 0;
  #elements = 0;

  constructor(address: string, wantsHtml: boolean) {
    this.#base = address;
    this.#wantsHtml = wantsHtml;
  }

  open(name: string, attributes: Attributes): void {
    this.#flush();
    if (++this.#depth > MAX_DEPTH) throw new NestedTooDeeply();
    if (this.#unseenAt !== undefined) return;
    if (isUnseen(name, attributes)) {
      this.#unseenAt = this.#depth;
      return;
    }
    if (name === 'base') this.#takeBase(attributes);
    if (name === 'title' && this.#title === '') this.#titleAt = this.#depth;
    if (name === 'pre') this.#preformatted++;
    this.#layOut(name);
    this.#elements++;
    if (!isStructure(name)) this.#emitOpen(name, attributes);
  }

  /** Comes in pieces: one for each entity. */
  text(text: string): void {
    if (this.#unseenAt === undefined) this.#pending += text;
  }

  #flush(): void {
    if (this.#pending === '') return;
    const shown = visible(this.#pending);
    this.#pending = '';
    if (this.#titleAt !== undefined) {
      this.#title = `${this.#title}${shown}`.slice(0, MAX_TITLE_LENGTH);
      return;
    }
    this.#flow.add(shown, this.#preformatted > 0);
    this.#emit(escapeHtml(shown));
  }

  close(name: string): void {
    this.#flush();
    const depth = this.#depth--;
    if (this.#unseenAt !== undefined) {
      if (this.#unseenAt === depth) this.#unseenAt = undefined;
      return;
    }
    if (this.#titleAt === depth) this.#titleAt = undefined;
    if (name === 'pre') this.#preformatted--;
    this.#layOut(name);
    if (isStructure(name) || VOID.has(name)) return;
    if (depth <= MAX_TREE_DEPTH) this.#emit(`</${name}>`);
    else if (BLOCKS.has(name) || PARAGRAPHS.has(name)) this.#emit(' ');
  }

  result(): Distilled {
    this.#flush();
    return {
      title: this.#title.replace(/\s+/g, ' ').trim(),
      text: this.#flow.toString(),
      html: this.#emits() ? this.#html : undefined,
    };
  }

  #takeBase({ href }: Attributes): void {
    if (this.#hasBase || href === undefined) return;
    this.#hasBase = true;
    this.#base = webAddress(href, this.#base) ?? this.#base;
  }

  #layOut(name: string): void {
    if (PARAGRAPHS.has(name)) this.#flow.break(2);
    else if (BLOCKS.has(name) || name === 'br') this.#flow.break(1);
    else if (name === 'td' || name === 'th') this.#flow.add(' ', false);
  }

  #emitOpen(name: string, attributes: Attributes): void {
    if (!this.#emits() || this.#depth > MAX_TREE_DEPTH) return;
    if (name === 'img') {
      this.#emitImage(attributes);
      return;
    }
    if (name === 'br' && this.#preformatted > 0) {
      this.#emit('\n');
      return;
    }
    const href = name === 'a' ? webAddress(attributes['href'], this.#base) : undefined;
    const kept = KEPT_ATTRIBUTES.map((key) => attribute(key, keptValue(key, attributes[key]))).join('');
    this.#emit(`<${name}${attribute('href', href)}${kept}>`);
  }

  /** Only with what it shows in words: others tell nothing. */
  #emitImage({ alt, src }: Attributes): void {
    const words = visible(alt ?? '')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, MAX_ALT_LENGTH);
    const address = webAddress(src, this.#base);
    if (words === '' || address === undefined) return;
    this.#emit(`<img${attribute('src', address)}${attribute('alt', words)}>`);
  }

  #emits(): boolean {
    return this.#wantsHtml && this.#elements <= MAX_ELEMENTS;
  }

  #emit(html: string): void {
    if (this.#emits()) this.#html.push(html);
  }
}

function isUnseen(name: string, attributes: Attributes): boolean {
  if (UNSEEN.has(name)) return true;
  // Some themes hide the page itself until their script has run.
  return name !== 'html' && name !== 'body' && isHidden(attributes);
}

/** Stands around the content; its text is either the title or not to be seen. */
function isStructure(name: string): boolean {
  return (
    ['html', 'head', 'body', 'title', 'meta', 'link', 'base'].includes(name) ||
    !/^[a-z][a-z0-9-]*$/.test(name)
  );
}

/** The absolute address, where it leads to something that can be fetched or written to. */
function webAddress(reference: string | undefined, base: string): string | undefined {
  if (reference === undefined || reference.trim() === '') return undefined;
  const url = reference.length > MAX_ADDRESS_LENGTH ? null : URL.parse(reference, base);
  if (url === null || url.href.length > MAX_ADDRESS_LENGTH) return undefined;
  return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : undefined;
}

function keptValue(name: string, value: string | undefined): string | undefined {
  return name === 'start' && !LIST_START.test(value ?? '') ? undefined : value?.slice(0, MAX_KEPT_LENGTH);
}

function attribute(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` ${name}="${escapeHtml(value).replaceAll('"', '&quot;')}"`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
