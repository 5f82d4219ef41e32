/** What could lead a reader astray: control characters, marks that turn the direction of text, private use. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** A text in quotes, in which everything can be seen. */
export function quoted(text: string): string {
  return `"${visible(text.replace(/["\\]/g, '\\$&'))}"`;
}

/** What cannot be seen is written as its code: `\u{202e}`. */
function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A command as it can be read: arguments that are not plain words in quotes. */
export function commandText(argv: readonly string[]): string {
  return argv.map((argument) => (/^[\w./:=@%+,-]+$/.test(argument) ? argument : quoted(argument))).join(' ');
}
