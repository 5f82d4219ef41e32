import type { Fault } from '../protocol.ts';

type StatementFault = Extract<Fault, { kind: 'statement' }>;
type RefusalCode = Extract<Fault, { kind: 'refused' }>['code'];

/** The statement asks for what is not allowed, or cannot be. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly next: string | undefined;

  constructor(code: RefusalCode, message: string, next?: string) {
    super(message);
    this.code = code;
    this.next = next;
  }
}

/** The statement is not what the engine understands. `position`: bytes into it. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly position: number | undefined;

  constructor(message: string, position?: number) {
    super(message);
    this.position = position;
  }
}

/** The rows that were asked for come to more than a page may hold. */
export class RowsTooLarge extends Error {
  override readonly name = 'RowsTooLarge';
}

interface EngineError {
  readonly exception_type?: string;
  readonly error_subtype?: string;
  readonly exception_message?: string;
  readonly position?: string;
  readonly name?: string;
  readonly candidates?: string;
}

/**
 * @param place Bytes into the statement as it was sent, for those into the one that runs.
 */
export function faultOf(error: unknown, place: (position: number) => number | undefined): Fault {
  if (error instanceof Refusal) {
    const { code, message, next } = error;
    return { kind: 'refused', code, message, ...(next === undefined ? {} : { next }) };
  }
  if (error instanceof StatementError) return statementFault(error.message, error.position);
  if (error instanceof RowsTooLarge) return { kind: 'rows-too-large' };
  if (!(error instanceof Error)) return { kind: 'broken', detail: String(error) };
  return engineFault(error.message, place);
}

function statementFault(message: string, position: number | undefined): StatementFault {
  return { kind: 'statement', message, ...(position === undefined ? {} : { position }) };
}

/** With `errors_as_json` the engine says what it means; where it does not, its words have to do. */
function engineFault(text: string, place: (position: number) => number | undefined): Fault {
  const error = readError(text);
  const { exception_type: type, exception_message: message = text } = error;
  if (isMemory(type, message)) return { kind: 'memory' };
  if (message.includes('File too large')) return { kind: 'file-too-large' };
  if (type === 'INTERNAL' || type === 'FATAL') return { kind: 'broken', detail: message };
  const position = error.position === undefined ? undefined : place(Number(error.position));
  return { ...statementFault(message, position), ...namesIn(error) };
}

/** Of a function that is there, but not with such arguments, the candidates are signatures and no names. */
function namesIn({
  error_subtype,
  name,
  candidates,
}: EngineError): Pick<StatementFault, 'name' | 'candidates'> {
  if (error_subtype === 'NO_MATCHING_FUNCTION') return {};
  return {
    ...(name === undefined ? {} : { name }),
    ...(candidates === undefined ? {} : { candidates: candidates.split(',').filter((one) => one !== '') }),
  };
}

function readError(text: string): EngineError {
  if (!text.startsWith('{')) return {};
  try {
    // By errors_as_json; each member may be missing.
    return JSON.parse(text) as EngineError;
  } catch {
    return {};
  }
}

function isMemory(type: string | undefined, message: string): boolean {
  return (
    type === 'Out of Memory' ||
    /bad_alloc|out of memory|failed to allocate|memory allocation fail/i.test(message)
  );
}
