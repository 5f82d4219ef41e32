import { MARK } from '../core/icon.ts';
import { type ListedIcon, listedIcons } from './listed-icons.ts';

/** Who answers, as every result of revision 2026-07-28 says it (basic, "`_meta`"). */
export interface ServerIdentity {
  readonly name: string;
  readonly title: string;
  readonly version: string;
}

const ICON = {
  src: `data:image/svg+xml;base64,${Buffer.from(MARK).toString('base64')}`,
  mimeType: 'image/svg+xml',
  sizes: ['any'],
};

/** With its picture, for the one answer in which a client meets the server; in each it would only be weight. */
export function introduction(identity: ServerIdentity): ServerIdentity & { icons?: ListedIcon[] } {
  return { ...identity, ...listedIcons([ICON]) };
}
