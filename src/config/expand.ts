import type { Environment } from './environment.ts';

/** A text with its references filled in, or what is wrong with them. */
export type Expansion =
  { readonly text: string; readonly expanded: boolean } | { readonly problem: string; readonly fix: string };

const REFERENCE = /\$\$\{|\$\{[^}]*\}?/g;
const FORM = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{).)*))?\}$/s;

/**
 * Fills `${VAR}` and `${VAR:-default}` from the environment; `$${` stands for a literal `${`. As in a
 * shell's `:-`, an empty variable counts as unset.
 */
export function expand(text: string, env: Environment): Expansion {
  let failure: Expansion | undefined;
  let expanded = false;
  const result = text.replace(REFERENCE, (match) => {
    if (match === '$${') return '${';
    const value = lookUp(match, env);
    if (typeof value === 'string') expanded = true;
    else failure ??= value;
    return typeof value === 'string' ? value : match;
  });
  return failure ?? { text: result, expanded };
}

function lookUp(reference: string, env: Environment): string | Expansion {
  const form = FORM.exec(reference);
  if (form === null) {
    return {
      problem: `${JSON.stringify(reference)} is not a reference to an environment variable`,
      fix: 'write ${NAME} or ${NAME:-default}, or $${ for a literal ${',
    };
  }
  const [, name = '', fallback] = form;
  const value = env[name];
  return value === undefined || value === '' ? (fallback ?? unset(name)) : value;
}

function unset(name: string): Expansion {
  return {
    problem: `the environment variable ${name} is not set`,
    fix: `set ${name}, or give a default: \${${name}:-…}`,
  };
}
