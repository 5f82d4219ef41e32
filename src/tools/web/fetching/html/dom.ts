/** The part of the document tree that is used here: the compiler does not know browsers' types in this program. */
export interface DomElement {
  readonly nodeName: string;
  readonly parentNode: DomElement | null;
  readonly textContent: string;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  querySelectorAll(selector: string): Iterable<DomElement>;
}
