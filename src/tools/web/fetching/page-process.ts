import { AskedProcess } from '../../../core/asked-process.ts';
import type { Processes } from '../../../core/processes.ts';
import { programBeside } from '../../../core/program-beside.ts';
import type { PageAnswer, PageQuestion } from './page.ts';

const PROGRAM = programBeside(import.meta.url, 'page-program');
const MB = 1024 * 1024;
/** For the document of a page of the most elements, twice. */
const HEAP_MB = 192;
/** Of the text of a page, in the forms that it passes through. */
const COPIES = 8;
/** Small, so that they are not what most of its memory is. */
const YOUNG_HEAP_MB = 8;
/** What Node.js takes before it does anything, most of it reserved for V8's compiler and never touched. */
const PROGRAM_MB = 768;
const MAX_FILES = 64;

export interface PageMemory {
  /** Bytes of the largest page. */
  readonly maxBytes: number;
  /** For documents, beside the text. Default 192. */
  readonly heapMb?: number;
}

/** Starts a process that makes pages. V8 itself holds to its heap; the system to all of it, where it can. */
export function startPageProcess(
  processes: Processes,
  { maxBytes, heapMb = HEAP_MB }: PageMemory,
): AskedProcess<PageQuestion, PageAnswer> {
  const memoryMb = heapMb + Math.ceil((maxBytes * COPIES) / MB);
  const started = processes.start({
    command: process.execPath,
    args: [
      `--max-old-space-size=${memoryMb}`,
      `--max-semi-space-size=${YOUNG_HEAP_MB}`,
      '--expose-gc',
      '--no-warnings',
      PROGRAM,
      // Where the system does not end it with the service.
      ...(processes.canContain ? [] : ['watch']),
    ],
    env: {},
    limits: { memoryBytes: (PROGRAM_MB + memoryMb) * MB, fileBytes: 0, openFiles: MAX_FILES },
    input: true,
    messages: 'structured',
  });
  return new AskedProcess(started);
}
