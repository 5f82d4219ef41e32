import * as z from 'zod';
import { type Content, text } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import { defineTool, type Tool } from '../../../core/tool.ts';
import type { FileAccess } from '../access.ts';
import { callText, counted, fileSize } from '../../../core/phrases.ts';
import type { FileServices, Look } from '../services.ts';
import { shown, virtualPath } from '../workspace/virtual-path.ts';
import { readOne } from './read-one.ts';
import type { ImageRoom } from './read-request.ts';

const DESCRIPTION = `Reads one file or up to 10 at once, each under its own heading; search_files finds where something stands. Text comes as a window of lines, from files of any size: start_line (negative: counted from the end) and max_lines choose it. The encoding is recognised. PNG, JPEG, GIF and WebP images up to 1 MB come as images, 3 MB in one call; of Parquet and .xlsx files the rows come as CSV, start_line then counting rows. The closing line tells the lines shown of how many, the start_line to go on with, and of text the version, for expected_version when you change it.`;

export function readFileTool(access: FileAccess): Tool {
  const { maxReadLines } = access.options;
  return defineTool({
    name: 'read_file',
    title: 'Read files',
    description: DESCRIPTION,
    scopes: ['files:read'],
    effect: 'read',
    input: inputSchema(maxReadLines),
    aliases: {
      path: 'paths',
      file_path: 'paths',
      filepath: 'paths',
      file: 'paths',
      filename: 'paths',
      uri: 'paths',
      uris: 'paths',
      line: 'start_line',
      start: 'start_line',
      line_count: 'max_lines',
    },
    async run(call, args) {
      const paths = args.paths.map((path) => virtualPath(path));
      const services = access.seenBy(call.principal);
      return { content: await readFiles({ services, call }, { ...args, paths }) };
    },
  });
}

function inputSchema(maxReadLines: number) {
  return z.object({
    paths: z
      .array(z.string().min(1))
      .min(1)
      .max(10)
      .describe('Files to read, as list_files shows them: ["/docs/plan.md"].'),
    start_line: z.int().default(1).describe('First line to show; negative: counted from the end.'),
    max_lines: z
      .int()
      .min(1)
      .max(maxReadLines)
      .default(Math.min(400, maxReadLines))
      .describe('Lines to show of each file.'),
    encoding: z
      .string()
      .max(40)
      .default('auto')
      .describe('auto, or the name of the encoding if the text comes out garbled: "gb18030", "shift_jis".'),
  });
}

/** Beyond it answers are more than clients and their models take. */
const MAX_IMAGES_BYTES = 3_000_000;

interface Reading {
  readonly services: FileServices;
  readonly call: Look;
}

export interface ReadQuestion {
  /** Virtual paths. */
  readonly paths: readonly string[];
  readonly start_line: number;
  readonly max_lines: number;
  readonly encoding: string;
}

/** Failures of single files stand in their place; the call fails when every file did. */
export async function readFiles(reading: Reading, question: ReadQuestion): Promise<Content[]> {
  const { call } = reading;
  const content: Content[] = [];
  const failures: AppError[] = [];
  const images: ImageRoom = { left: MAX_IMAGES_BYTES, leftOut: [] };
  for (const [index, path] of question.paths.entries()) {
    const others = question.paths.length - index - 1;
    if (question.paths.length > 1) content.push(text(`==> ${shown(path)} <==`));
    try {
      // What is left is shared out evenly; what a short file leaves over goes to those after it.
      const reserve = Math.floor((call.budget.left * others) / (others + 1));
      content.push(...(await readPath({ ...reading, images }, question, path, reserve)));
    } catch (error) {
      if (!(error instanceof AppError) || call.signal.aborted) throw error;
      failures.push(error);
      content.push(text(`${error.code}: ${error.message} Next: ${error.next ?? 'go on without this file'}.`));
    }
  }
  const [first] = failures;
  if (first !== undefined && failures.length === question.paths.length) throw combined(failures, first);
  if (images.leftOut.length > 0) content.push(text(leftOutNote(images.leftOut)));
  return merged(content);
}

function leftOutNote(paths: readonly string[]): string {
  const call = callText('read_file', { paths: paths.map(shown) });
  return `[${counted(paths.length, 'image')} not shown: those of one call come to ${fileSize(MAX_IMAGES_BYTES)} at most; to see more: ${call}]`;
}

function readPath(
  { services, call, images }: Reading & { readonly images: ImageRoom },
  question: ReadQuestion,
  path: string,
  reserve: number,
): Promise<Content[]> {
  const { start_line: startLine, max_lines: maxLines, encoding } = question;
  const again = (change: { path?: string; start_line?: number }): string =>
    callText('read_file', {
      paths: [shown(change.path ?? path)],
      ...(change.start_line === undefined && startLine === 1
        ? {}
        : { start_line: change.start_line ?? startLine }),
      ...(maxLines === 400 ? {} : { max_lines: maxLines }),
      ...(encoding === 'auto' ? {} : { encoding }),
    });
  return readOne({ services, call, path, startLine, maxLines, encoding, reserve, images, again });
}

function combined(failures: readonly AppError[], first: AppError): AppError {
  const others = failures.slice(1).map((failure) => `${failure.code}: ${failure.message}`);
  return new AppError(first.code, [first.message, ...others].join(' '), {
    ...(first.next === undefined ? {} : { next: first.next }),
    cause: first.cause,
  });
}

/** Neighbouring texts as one block. */
function merged(content: readonly Content[]): Content[] {
  const blocks: Content[] = [];
  for (const block of content) {
    const last = blocks.at(-1);
    if (block.type === 'text' && last?.type === 'text') {
      blocks[blocks.length - 1] = text(`${last.text}\n${block.text}`);
    } else blocks.push(block);
  }
  return blocks;
}
