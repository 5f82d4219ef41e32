import { grouped } from '../../../core/phrases.ts';
import type { Value } from '../source.ts';

/** The value, or where it takes more characters its beginning with a mark of how many follow. */
export function shortened(value: Value, characters: number): Value {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  const told = typeof value === 'string' ? value : JSON.stringify(value);
  if (told.length <= characters) return value;
  const end = isHighSurrogate(told.charCodeAt(characters - 1)) ? characters - 1 : characters;
  return `${told.slice(0, end)}…[+${grouped(told.length - end)} characters]`;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
