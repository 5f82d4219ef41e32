import { type Content, text } from '../core/content.ts';

const LINKS_SINCE = '2025-06-18';
const AUDIO_SINCE = '2025-03-26';

/**
 * Content as a client of the revision knows it: one that meets a block of a later revision refuses the whole
 * answer. What a block says is then put into words.
 */
export function contentIn(revision: string, block: Content): Content {
  if (block.type === 'resource_link' && revision < LINKS_SINCE) {
    const { name, uri, mimeType, size, description } = block;
    const details = [mimeType, size === undefined ? undefined : `${size} bytes`, description];
    const known = details.filter((detail) => detail !== undefined).join(', ');
    return text(`Resource ${name}: ${uri}${known === '' ? '' : ` (${known})`}`);
  }
  if (block.type === 'audio' && revision < AUDIO_SINCE) {
    return text(`[audio, ${block.mimeType}: revision ${revision} of the protocol cannot carry it]`);
  }
  return block;
}

function knowsAllContent(revision: string): boolean {
  return revision >= LINKS_SINCE;
}

/** A result with its content as {@link contentIn} has it. */
export function resultIn<R extends { readonly content: readonly Content[] }>(revision: string, result: R): R {
  if (knowsAllContent(revision)) return result;
  return { ...result, content: result.content.map((block) => contentIn(revision, block)) };
}
