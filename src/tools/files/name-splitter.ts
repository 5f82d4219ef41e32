import { isUtf8 } from 'node:buffer';
import { decodeName } from './workspace/byte-names.ts';

/** Splits names that end with NUL out of chunks of output. */
export class NameSplitter {
  readonly #tell: (name: string) => boolean;
  #rest: Buffer = Buffer.alloc(0);

  constructor(tell: (name: string) => boolean) {
    this.#tell = tell;
  }

  /** Answers false once the listener has. */
  push(chunk: Buffer): boolean {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(0) + 1;
    this.#rest = bytes.subarray(end);
    return end === 0 || namesIn(bytes.subarray(0, end - 1)).every((name) => this.#tell(name));
  }
}

/** Splits names, each with NUL, a number and a line feed behind it, out of chunks of output. */
export class CountSplitter {
  readonly #tell: (name: string, count: number) => boolean;
  #rest = '';

  constructor(tell: (name: string, count: number) => boolean) {
    this.#tell = tell;
  }

  /** Answers false once the listener has. */
  push(chunk: Buffer): boolean {
    const text = this.#rest + chunk.toString('latin1');
    let end = 0;
    for (const [record, name = '', count] of text.matchAll(/([^\0]+)\0(\d+)\n/gy)) {
      end += record.length;
      const [decoded = ''] = namesIn(Buffer.from(name, 'latin1'));
      if (!this.#tell(decoded, Number(count))) return false;
    }
    this.#rest = text.slice(end);
    return true;
  }
}

function namesIn(bytes: Buffer): string[] {
  if (isUtf8(bytes)) return bytes.toString('utf8').split('\0');
  return bytes
    .toString('latin1')
    .split('\0')
    .map((name) => decodeName(Buffer.from(name, 'latin1')));
}
