import { hash } from 'node:crypto';
import { MARK } from '../core/icon.ts';
import { STYLESHEET } from './stylesheet.ts';

export const STYLESHEET_PATH = pathOf(STYLESHEET, 'css');
export const ICON_PATH = pathOf(MARK, 'svg');

/** Named by its content, so that caches can keep it for ever. */
function pathOf(content: string, extension: string): string {
  return `/assets/${hash('sha256', content, 'base64url').slice(0, 16)}.${extension}`;
}
