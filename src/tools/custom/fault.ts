import { basename } from 'node:path';
import * as z from 'zod';
import { AppError } from '../../core/errors.ts';

/** Why a tool file cannot be served, and what its author can do. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly fix: string;
  /** Where in the file. */
  readonly line: number | undefined;

  constructor(what: string, fix: string, line?: number) {
    super(what);
    this.fix = fix;
    this.line = line;
  }
}

/** What went wrong while the file was loaded or made its tools. */
export function faultIn(error: unknown, href: string): Fault {
  const { what, fix } = explain(error, href);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const own = stack.split(`${href}:`)[1];
  if (own !== undefined) return new Fault(what, fix, Number.parseInt(own, 10));
  // A syntax error in what the file imports names that place first.
  const other = /^file:\S*\/([^/\s]+:\d+)\n/.exec(stack)?.[1];
  return new Fault(other === undefined ? what : `${other}: ${what}`, fix);
}

function explain(error: unknown, href: string): { readonly what: string; readonly fix: string } {
  if (error instanceof z.ZodError) {
    const problems = error.issues.map(({ path, message }) => [...path.map(String), message].join(': '));
    return {
      what: `refuses what it is handed: ${problems.join('; ')}`,
      fix: 'correct settings or secrets beside its path, below tools.custom.files',
    };
  }
  if (error instanceof AppError) return { what: error.message, fix: error.next ?? CORRECT };
  if (!(error instanceof Error)) return { what: `threw ${String(error)}`, fix: CORRECT };
  const code = 'code' in error ? String(error.code) : '';
  if (error instanceof SyntaxError) return { what: error.message, fix: syntaxFix(error, code, href) };
  if (code === 'ERR_MODULE_NOT_FOUND') {
    const missing = error.message.replace(/ imported from .*/s, '');
    return { what: missing, fix: 'correct the import, or install the package where the file lies' };
  }
  return { what: `${error.name}: ${error.message}`, fix: CORRECT };
}

const CORRECT = 'correct the file';

function syntaxFix({ message, stack = '' }: SyntaxError, code: string, href: string): string {
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'types are taken out and nothing is translated: do without enum, namespace, decorators and parameter properties';
  }
  if (message.includes('fairlead/tool')) return 'docs/adding-a-tool.md tells what fairlead/tool exports';
  return stack.startsWith('file:') ? CORRECT : `node --check ${basename(href)} shows the place`;
}
