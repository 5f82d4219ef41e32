/** Puts text together as it would be seen without styles: white space runs together, blocks stand on their own lines. */
export class TextFlow {
  readonly #parts: string[] = [];
  #newlines = 0;
  #space = false;
  #isEmpty = true;

  add(text: string, isPreformatted: boolean): void {
    if (isPreformatted) {
      this.#put(text);
      return;
    }
    const flat = text.replace(/\s+/g, ' ');
    const words = flat.trim();
    if (flat.startsWith(' ')) this.#space = true;
    if (words === '') return;
    this.#put(words);
    this.#space = flat.endsWith(' ');
  }

  /** What follows begins on a line of its own; `lines` is 2 for one that is set apart by an empty line. */
  break(lines: 1 | 2): void {
    this.#newlines = Math.max(this.#newlines, lines);
    this.#space = false;
  }

  toString(): string {
    return this.#parts.join('').trim();
  }

  #put(text: string): void {
    if (!this.#isEmpty)
      this.#parts.push(this.#newlines > 0 ? '\n'.repeat(this.#newlines) : this.#space ? ' ' : '');
    this.#parts.push(text);
    this.#isEmpty = false;
    this.#newlines = 0;
    this.#space = false;
  }
}
