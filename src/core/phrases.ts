const UNITS = ['kB', 'MB', 'GB', 'TB'];

/** A call as an agent writes it: `read_file {"paths":["/a"]}`. What is undefined is left out. */
export function callText(tool: string, args: object): string {
  return `${tool} ${JSON.stringify(args)}`;
}

/** Grouped by commas in every locale: `10,330,001`. */
export function grouped(value: number): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${grouped(value)} ${value === 1 ? one : many}`;
}

/** Bytes for people, in powers of 1000: `512 B`, `6.8 kB`, `73 MB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes;
  let unit = -1;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${UNITS[unit] ?? ''}`;
}
