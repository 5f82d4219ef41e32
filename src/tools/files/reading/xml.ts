import sax from 'sax';

export interface XmlEvents {
  /** `attribute` answers by local name. */
  open?(name: string, attribute: (name: string) => string | undefined): void;
  text?(value: string): void;
  close?(name: string): void;
}

const SLICE = 64 * 1024;

/** Tells elements by their local names. Entities other than the five of XML itself are errors: nothing expands. */
export function parseXml(bytes: Uint8Array, events: XmlEvents): void {
  const parser = sax.parser(true, { position: false });
  parser.onerror = (error) => {
    throw error;
  };
  parser.onopentag = ({ name, attributes }) => {
    const values = new Map<string, string>();
    for (const [key, value] of Object.entries<unknown>(attributes)) {
      if (typeof value === 'string') values.set(localName(key), value);
    }
    events.open?.(localName(name), (key) => values.get(key));
  };
  parser.ontext = (value) => events.text?.(value);
  parser.oncdata = (value) => events.text?.(value);
  parser.onclosetag = (name) => events.close?.(localName(name));
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; at += SLICE) {
    parser.write(decoder.decode(bytes.subarray(at, at + SLICE), { stream: true }));
  }
  parser.close();
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
