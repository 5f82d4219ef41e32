import type { Icon } from '../core/icon.ts';

/** An icon as lists show it. */
export type ListedIcon = Omit<Icon, 'sizes'> & { sizes?: string[] };

/**
 * The icons of a definition, if it has any.
 *
 * @throws TypeError for an address that clients have to refuse (MCP 2026-07-28, basic, "Icons": HTTPS and
 *   `data:` only)
 */
export function listedIcons(icons: readonly Icon[] = []): { icons?: ListedIcon[] } {
  const listed = icons.map(({ sizes, ...others }) => {
    if (!/^(https:\/\/|data:image\/)/i.test(others.src))
      throw new TypeError('An icon is an HTTPS or data: URI');
    return { ...others, ...(sizes === undefined ? {} : { sizes: [...sizes] }) };
  });
  return listed.length === 0 ? {} : { icons: listed };
}
