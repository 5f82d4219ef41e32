import { estimateTokens, OutputBudget } from '../core/budget.ts';
import { type Content, type ResourceLink, text } from '../core/content.ts';
import { AppError } from '../core/errors.ts';
import { callText, counted, fileSize, grouped } from '../core/phrases.ts';
import type { Principal } from '../core/principal.ts';
import type { Kept, KeptFile } from '../core/scratch.ts';
import type { Logger } from '../core/telemetry.ts';
import type { Tool, ToolResult } from '../core/tool.ts';
import { mayUse } from './admission.ts';

/** The tool that reads what was kept. */
const READER = 'read_file';

/** Tokens beyond the budget that pass: notes which tools add without counting. */
const SLACK = 200;
/** Tokens of the head that are left for what is said below it. */
const NOTE = 200;
/** The most that a character may come to, in any class of text. */
const MOST_PER_CHARACTER = 1 / 1.7;

/** Bytes of images, sound and other binary content in one result: as much as read_file shows of images. */
const MAX_BINARY_BYTES = 3_000_000;

/** What a call gives, as far as this needs it. */
interface SpillingCall {
  readonly principal: Principal;
  readonly budget: OutputBudget;
  readonly logger: Logger;
  keep(kept: Kept): Promise<KeptFile>;
}

/**
 * The net below the budget of tools, above all of a team's own that do not mind it: no result overflows a context.
 * What is too large is put away as a whole, for the caller to read in pages or to query.
 */
export class Spill {
  readonly #find: (name: string) => Tool | undefined;

  constructor(find: (name: string) => Tool | undefined) {
    this.#find = find;
  }

  /**
   * The result as it was if it fits; else its head, what is missing, and the call that goes on.
   *
   * @throws AppError `FILE_TOO_LARGE` for data: their schema holds for the whole of them, so there is no head; and
   *   for images and the like
   */
  async fit(tool: string, result: ToolResult, call: SpillingCall): Promise<ToolResult> {
    requireBearable(tool, result.content);
    const limit = call.budget.total + SLACK;
    const data = result.structuredContent;
    if (data !== undefined && exceeds([JSON.stringify(data)], limit)) {
      // In lines, so that it can be read in pages.
      throw await this.#tooMuchData(tool, JSON.stringify(data, undefined, 1), call);
    }
    const texts = result.content.flatMap(textsOf);
    if (!exceeds(texts, limit)) return result;
    const whole = texts.join('\n');
    const kept = await this.#keep(tool, whole, call);
    const others = result.content.filter((block) => textsOf(block).length === 0);
    const { shown, note } = cut(whole, call.budget.total, kept);
    const content = [
      text(shown),
      text(`[${note}]`),
      ...('file' in kept ? [linkTo(kept.file)] : []),
      ...others,
    ];
    return { ...result, content };
  }

  async #tooMuchData(tool: string, data: string, call: SpillingCall): Promise<AppError> {
    const kept = await this.#keep(tool, data, call);
    const size = `${tool} did its work, but its answer of ${counted(data.length, 'character')} is more than one result may hold`;
    if (!('file' in kept)) {
      return new AppError('FILE_TOO_LARGE', `${size}.`, { next: `call ${tool} for less at a time` });
    }
    const { path } = kept.file;
    return new AppError('FILE_TOO_LARGE', `${size}. All of it is in ${path} until ${untilText(kept.file)}.`, {
      next: callText(READER, { paths: [path] }),
    });
  }

  /** A file of the whole, or why there is none. */
  async #keep(tool: string, content: string, call: SpillingCall): Promise<Keeping> {
    const reader = this.#find(READER);
    if (reader === undefined || !mayUse(call.principal, reader)) return { problem: undefined };
    try {
      return { file: await call.keep({ ...formOf(tool, content), content }) };
    } catch (error) {
      // What there is to show is still worth showing.
      if (error instanceof AppError) return { problem: error.message };
      call.logger.error({ err: error, tool }, 'a large result could not be kept');
      return { problem: undefined };
    }
  }
}

type Keeping = { readonly file: KeptFile } | { readonly problem: string | undefined };

/** By the most generous class of text: whoever counted by another one has kept to the budget. */
function exceeds(texts: readonly string[], limit: number): boolean {
  const length = texts.reduce((sum, { length: one }) => sum + one, 0);
  if (length * MOST_PER_CHARACTER <= limit) return false;
  return texts.reduce((sum, one) => sum + estimateTokens(one, 'prose'), 0) > limit;
}

/** What of it stands in the context as text. Links are short, but there may be thousands. */
function textsOf(block: Content): string[] {
  if (block.type === 'text') return [block.text];
  if (block.type === 'resource_link') return [JSON.stringify(block)];
  return block.type === 'resource' && 'text' in block.resource ? [block.resource.text] : [];
}

function requireBearable(tool: string, content: readonly Content[]): void {
  // Base64 takes four characters for three bytes.
  const bytes = content.reduce((sum, block) => sum + (binaryIn(block).length / 4) * 3, 0);
  if (bytes <= MAX_BINARY_BYTES) return;
  const what = `${tool} did its work, but its images and other binary content come to ${fileSize(bytes)}`;
  throw new AppError('FILE_TOO_LARGE', `${what}; one result may hold ${fileSize(MAX_BINARY_BYTES)}.`, {
    next: `call ${tool} for less at a time`,
  });
}

function binaryIn(block: Content): string {
  if (block.type === 'image' || block.type === 'audio') return block.data;
  return block.type === 'resource' && 'blob' in block.resource ? block.resource.blob : '';
}

function formOf(tool: string, content: string): Pick<Kept, 'name' | 'mimeType'> {
  const isJson = /^\s*[[{]/.test(content) && /[\]}]\s*$/.test(content);
  return isJson
    ? { name: `${tool}.json`, mimeType: 'application/json' }
    : { name: `${tool}.txt`, mimeType: 'text/plain' };
}

interface Cut {
  readonly shown: string;
  readonly note: string;
}

/** As many whole lines as fit, or as much as fits of a first line that is too long. */
function cut(whole: string, tokens: number, kept: Keeping): Cut {
  const budget = new OutputBudget(tokens);
  let lines = 0;
  let end = 0;
  for (;;) {
    const next = whole.indexOf('\n', end);
    if (next === -1 || !budget.take(whole.slice(end, next + 1), 'prose', NOTE)) break;
    end = next + 1;
    lines++;
  }
  if (lines > 0) {
    // As read_file counts them.
    const total = whole.replace(/\n$/, '').split('\n').length;
    const what = `lines 1-${grouped(lines)} of ${grouped(total)} are shown`;
    return { shown: whole.slice(0, end - 1), note: `${what}; ${rest(kept, lines + 1)}` };
  }
  const length = Math.floor((tokens - NOTE) / MOST_PER_CHARACTER);
  const shown = whole.slice(0, length).replace(/[\ud800-\udbff]$/, '');
  const what = `the first ${grouped(shown.length)} of ${grouped(whole.length)} characters are shown`;
  return { shown, note: `${what}; ${rest(kept, 1)}` };
}

function rest(kept: Keeping, startLine: number): string {
  if (!('file' in kept)) {
    const why =
      kept.problem === undefined ? '' : `the rest could not be kept: ${kept.problem.replace(/\.$/, '')}; `;
    return `${why}ask for less`;
  }
  const { path } = kept.file;
  const next = callText(READER, { paths: [path], ...(startLine === 1 ? {} : { start_line: startLine }) });
  return `all of it is in ${path} until ${untilText(kept.file)}; next ${next}`;
}

function linkTo({ uri, name, mimeType, size }: KeptFile): ResourceLink {
  return { type: 'resource_link', uri, name, mimeType, size };
}

/** To the minute: `2026-03-02T14:05Z`. */
function untilText({ expiresAt }: KeptFile): string {
  return `${new Date(expiresAt).toISOString().slice(0, 16)}Z`;
}
