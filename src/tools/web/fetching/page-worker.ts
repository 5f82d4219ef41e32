import { parentPort, workerData } from 'node:worker_threads';
import { decode } from './charset.ts';
import type { MadePage, PageAnswer, PageQuestion } from './page.ts';

// A thread of its own: a page of a few megabytes takes a second of processor time that belongs to other
// callers, one that is written to be slow takes as long as it is let, and a thread can be ended.

/** Empty cells can make it many times the page. */
const MAX_MARKDOWN_LENGTH = 10_000_000;

function tell(answer: PageAnswer): void {
  parentPort?.postMessage(answer);
}

async function make(question: PageQuestion): Promise<void> {
  const { bytes, charset, isHtml, format, address } = question;
  const { text: source, encoding } = await decode(Buffer.from(bytes), charset, isHtml);
  const made = { text: source, encoding, isMainPart: false, isPlain: false };
  if (!isHtml || format === 'raw') {
    tell({ stage: 'done', made });
    return;
  }
  const { distill } = await import('./html/distill.ts');
  const distilled = distill(source, address, format === 'markdown');
  const { title, text, html } = distilled;
  const plain: MadePage = { ...made, text: title === '' ? text : `${title}\n\n${text}`, isPlain: true };
  if (format === 'text') {
    tell({ stage: 'done', made: { ...plain, isPlain: false } });
    return;
  }
  tell({ stage: 'text', made: plain });
  if (html === undefined) return;
  const { toMarkdown } = await import('./html/markdown.ts');
  const { markdown, isMainPart } = toMarkdown(distilled);
  if (markdown.length > MAX_MARKDOWN_LENGTH) return;
  tell({ stage: 'done', made: { ...made, text: markdown, isMainPart } });
}

try {
  await make(workerData as PageQuestion);
} catch (error) {
  const isNested = error instanceof Error && error.name === 'NestedTooDeeply';
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  tell({ stage: 'failed', problem: isNested ? 'nested' : 'failed', detail });
}
