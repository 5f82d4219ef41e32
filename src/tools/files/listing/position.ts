import { nameBytes } from '../workspace/byte-names.ts';

const ASCII = /^[\0-\x7f]*$/;

/**
 * A text whose plain comparison puts relative paths in the order of a tree walked by the bytes of its
 * names, each directory before what it holds: ripgrep's `--sort=path`.
 */
export function positionOf(relative: string): string {
  const text = ASCII.test(relative) ? relative : nameBytes(relative).toString('latin1');
  return text.replaceAll('/', '\0');
}
