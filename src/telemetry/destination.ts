import { isatty } from 'node:tty';
import { pino } from 'pino';

type Sink = ReturnType<typeof pino.destination>;

/** Where finished log lines go. */
export interface Destination {
  write(line: string): void;
  /** Resolves when the file is on disk and closed; a line that comes later goes to the fallback. */
  close(): Promise<void>;
}

/** Readable for the group, which is how a log shipper gets at it. */
const FILE_MODE = 0o640;
/** Descriptors of the standard streams. */
const STANDARD = { stdout: 1, stderr: 2 } as const;
/** Characters that are gathered at most; Docker takes log lines in pieces of 16 KiB. */
const MAX_BATCH = 16_000;

/** Which of the standard streams takes the log, where no file does. */
export type StandardStream = keyof typeof STANDARD;

/**
 * Standard output or standard error. What is written is in the kernel's hands when the call returns. A
 * reader that went away is no reason to end the process: further lines are dropped.
 */
export function openStandard(stream: StandardStream): Destination {
  const sink = pino.destination({ dest: STANDARD[stream], sync: true });
  // A full disk or a revoked terminal behind it: there is no place left to report it.
  sink.on('error', () => undefined);
  return {
    write: (line) => {
      sink.write(line);
    },
    close: () => Promise.resolve(),
  };
}

/**
 * A file, with its folders. When writing fails later (a full disk), that line and all further ones go to
 * `fallback`, and `onFailure` is called once.
 *
 * @throws the system's error when the file cannot be opened.
 */
export function openFile(
  path: string,
  fallback: Destination,
  onFailure: (error: unknown) => void,
): Destination {
  const file = pino.destination({ dest: path, sync: true, mkdir: true, mode: FILE_MODE });
  let failed = false;
  let closed = false;
  file.on('error', (error) => {
    if (failed) return;
    failed = true;
    onFailure(error);
  });
  return {
    write: (line) => {
      if (!failed && !closed) file.write(line);
      if (failed || closed) fallback.write(line);
    },
    close: () => {
      if (closed) return Promise.resolve();
      closed = true;
      return closeFile(file);
    },
  };
}

function closeFile(file: Sink): Promise<void> {
  return new Promise((resolve) => {
    file.once('close', resolve);
    file.once('error', () => {
      resolve();
    });
    file.end();
  });
}

/** Batches that hold lines, for the end of the process. */
const pendingBatches = new Set<() => void>();

/**
 * Gathers the lines of one turn of the event loop and writes them at once, since the system call is the
 * dearest part of a line under load. What was gathered is written before the process exits, on an
 * uncaught error too. `format` makes a line pretty.
 */
export function batched(destination: Destination, format?: (line: string) => string): Destination {
  listenForExit();
  let lines = '';
  const flush = (): void => {
    pendingBatches.delete(flush);
    const batch = lines;
    lines = '';
    if (batch !== '') destination.write(batch);
  };
  return {
    write: (line) => {
      if (lines === '') {
        pendingBatches.add(flush);
        setImmediate(flush);
      }
      lines += format === undefined ? line : format(line);
      if (lines.length > MAX_BATCH) flush();
    },
    close: () => {
      flush();
      return destination.close();
    },
  };
}

let listening = false;

/** Once for all batches. */
function listenForExit(): void {
  if (!listening) process.on('exit', flushAll);
  listening = true;
}

function flushAll(): void {
  for (const flush of pendingBatches) flush();
}

/** Whether a person at a terminal reads the stream. */
export function isTerminal(stream: StandardStream): boolean {
  return isatty(STANDARD[stream]);
}
