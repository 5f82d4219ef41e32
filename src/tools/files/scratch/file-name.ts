const MAX_STEM = 80;
const EXTENSION = /\.[a-z0-9]{1,10}$/i;

/** A plain name for a wanted one: no folder, nothing hidden, nothing that a shell or a glob would read. */
export function fileNameFor(wanted: string): string {
  const name = wanted.slice(Math.max(wanted.lastIndexOf('/'), wanted.lastIndexOf('\\')) + 1);
  const extension = EXTENSION.exec(name)?.[0] ?? '';
  const stem = name
    .slice(0, name.length - extension.length)
    .normalize('NFKC')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, MAX_STEM);
  return `${stem === '' ? 'result' : stem}${extension.toLowerCase()}`;
}

/** The same name or, where that is taken, one with the next free number. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  const extension = EXTENSION.exec(wanted)?.[0] ?? '';
  const stem = wanted.slice(0, wanted.length - extension.length);
  let name = wanted;
  for (let number = 2; isTaken(name); number++) name = `${stem}-${number}${extension}`;
  return name;
}
