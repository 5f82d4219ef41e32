import { isUtf8 } from 'node:buffer';

const LONE_SURROGATE = /\p{Cs}/u;

/**
 * File names are bytes; strings hold only those that are UTF-8. A byte that is not is carried as the lone
 * surrogate U+DC80–U+DCFF (as in Python's PEP 383), so that each name has exactly one string and comes
 * back as the same bytes.
 */
export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let name = '';
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes, at);
    name +=
      length === 0
        ? String.fromCharCode(0xdc00 + bytes.readUInt8(at))
        : bytes.toString('utf8', at, at + length);
    at += Math.max(length, 1);
  }
  return name;
}

/** What the file system is to be asked for. */
export function encodeName(name: string): string | Buffer {
  return isWellFormed(name) ? name : nameBytes(name);
}

export function nameBytes(name: string): Buffer {
  if (isWellFormed(name)) return Buffer.from(name, 'utf8');
  const parts = Array.from(name, (character) => {
    const code = character.charCodeAt(0);
    return isCarriedByte(character) ? Buffer.of(code - 0xdc00) : Buffer.from(character, 'utf8');
  });
  return Buffer.concat(parts);
}

/** Whether every character of the name is one that {@link decodeName} makes. */
export function isName(name: string): boolean {
  return Array.from(name).every((character) => isWellFormed(character) || isCarriedByte(character));
}

function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

function isCarriedByte(character: string): boolean {
  const code = character.charCodeAt(0);
  return character.length === 1 && code >= 0xdc80 && code <= 0xdcff;
}

/** Bytes of the UTF-8 character that starts here; 0 where none does. */
function characterLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}
