/**
 * The program of the processes that make pages: of the bytes of a page its text, then of the same page Markdown.
 *
 * Argument: `watch` where the system does not end it with the service.
 */
import { endWithService } from '../../../core/end-with-service.ts';
import { decode } from './charset.ts';
import { type Distilled, distill } from './html/distill.ts';
import { toMarkdown } from './html/markdown.ts';
import type { MadePage, PageAnswer, PageQuestion, PageSource } from './page.ts';

/** Empty cells can make it many times the page. */
const MAX_MARKDOWN_LENGTH = 10_000_000;
/** A process that has more than this gives it back while it waits for the next page. */
const MAX_IDLE_BYTES = 128 * 1024 * 1024;

/** What Markdown is to be made of, should it be asked for. */
let rest: { readonly distilled: Distilled; readonly made: MadePage } | undefined;

async function read({ bytes, charset, isHtml, format, address }: PageSource): Promise<PageAnswer> {
  rest = undefined;
  const { text: source, encoding } = await decode(Buffer.from(bytes), charset, isHtml);
  const made = { text: source, encoding, isMainPart: false, isPlain: false };
  if (!isHtml || format === 'raw') return { made, hasMarkdown: false };
  const distilled = distill(source, address, format === 'markdown');
  const { title, text, html } = distilled;
  const plain = {
    ...made,
    text: title === '' ? text : `${title}\n\n${text}`,
    isPlain: format === 'markdown',
  };
  if (html === undefined) return { made: plain, hasMarkdown: false };
  rest = { distilled, made };
  return { made: plain, hasMarkdown: true };
}

function markdown(): PageAnswer {
  if (rest === undefined) throw new Error('no page was read');
  const { distilled, made } = rest;
  rest = undefined;
  const { markdown: text, isMainPart } = toMarkdown(distilled);
  if (text.length > MAX_MARKDOWN_LENGTH) throw new Error('the Markdown is too long');
  return { made: { ...made, text, isMainPart }, hasMarkdown: false };
}

async function answer(question: PageQuestion): Promise<PageAnswer> {
  try {
    return question.ask === 'read' ? await read(question) : markdown();
  } catch (error) {
    const isNested = error instanceof Error && error.name === 'NestedTooDeeply';
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { problem: isNested ? 'nested' : 'failed', detail };
  }
}

function tidy(): void {
  if (rest !== undefined || process.memoryUsage.rss() < MAX_IDLE_BYTES) return;
  // The only one after which V8 keeps no pages for later.
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

if (process.argv[2] === 'watch') endWithService();
process.on('message', (question: PageQuestion) => {
  void answer(question).then((told) => process.send?.(told, tidy));
});
