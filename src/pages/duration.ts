const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
] as const;

/** Seconds as people say them, in the largest unit that they are twice or evenly: "90 days", "an hour". */
export function inWords(seconds: number): string {
  const [size, unit] = UNITS.find(([length]) => seconds >= 2 * length || seconds === length) ?? [1, 'second'];
  const count = Math.floor(seconds / size);
  if (count === 1) return unit === 'hour' ? 'an hour' : `a ${unit}`;
  return `${count} ${unit}s`;
}
