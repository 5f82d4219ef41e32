/**
 * Words that Mermaid's grammar of ER diagrams reads as something else than a name, as a whole or at the
 * beginning of a line.
 */
const RESERVED: ReadonlySet<string> = new Set([
  ...['one', 'only', 'many', 'zero', 'to', 'or', 'more', 'optionally', 'o', 'u', 'pk', 'fk', 'uk'],
  ...['title', 'acctitle', 'accdescr', 'style', 'class', 'classdef', 'default', 'subgraph', 'end'],
  ...['direction', 'tb', 'bt', 'rl', 'lr', 'erdiagram'],
  // Not of the grammar, but of the objects that names become keys of.
  ...['constructor', 'prototype', '__proto__', 'tostring', 'valueof', 'hasownproperty'],
]);

const MAX_LABEL = 100;
const MAX_WORD = 60;

/** A word that names an entity. Undefined where nothing of the name can stand in one. */
export function entityWord(name: string): string | undefined {
  const word = name
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^[^A-Za-z]+|_+$/g, '')
    .slice(0, MAX_WORD);
  return word === '' || RESERVED.has(word.toLowerCase()) ? undefined : word;
}

/** A word that stands for the type or the name of an attribute; never empty. */
export function attributeWord(name: string): string {
  const word = name.replace(/[^A-Za-z0-9_]+/g, '_').slice(0, MAX_WORD);
  // A name that begins with a digit is none, and one that is a kind of key is one.
  return /^[A-Za-z_]/.test(word) && !/^[pfu]k$/i.test(word) ? word : `_${word}`;
}

/** A type without what it is made of: `DECIMAL(18,3)[]` stays readable as `DECIMAL(18_3)[]`. */
export function typeWord(type: string): string {
  const outer = /^(struct|map|union|enum|set)\b/i.exec(type)?.[0] ?? type;
  const list = /(\[\d*\])+$/.exec(type)?.[0] ?? '';
  const bare = outer.slice(0, outer.length - (outer === type ? list.length : 0)).trim();
  const [, word = bare, size] = /^([^()]*)\(([\d,\s]+)\)$/.exec(bare) ?? [];
  const digits = size === undefined ? '' : `(${size.replace(/\D+/g, '_')})`;
  return `${attributeWord(word.trim())}${digits}${list}`;
}

/** Text in double quotes: without what ends it, what begins a comment or directive, and what is read as markup. */
export function label(text: string): string {
  const clean = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ')
    .replaceAll('"', "'")
    .replace(/[\\%#;~`]/g, '_')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replace(/direction(\s+)(?=TB|BT|RL|LR)/gi, 'direction_')
    .trim();
  const short =
    clean.length > MAX_LABEL
      ? `${Array.from(clean)
          .slice(0, MAX_LABEL - 1)
          .join('')}…`
      : clean;
  return `"${short === '' ? 'unnamed' : short}"`;
}
