import { hash } from 'node:crypto';
import { MARK } from '../core/icon.ts';
import { PASSKEY_SCRIPT } from './passkey-script.ts';
import { STYLESHEET } from './stylesheet.ts';

export const STYLESHEET_PATH = pathOf(STYLESHEET, 'css');
export const SCRIPT_PATH = pathOf(PASSKEY_SCRIPT, 'js');
export const ICON_PATH = pathOf(MARK, 'svg');

/** Named by its content, so that caches can keep it for ever. */
function pathOf(content: string, extension: string): string {
  return `/assets/${hash('sha256', content, 'base64url').slice(0, 16)}.${extension}`;
}
