import { LRUCache } from 'lru-cache';
import type { Format, Page } from './page.ts';

const MAX_CHARACTERS = 16_000_000;
const LIFETIME_MS = 5 * 60_000;

/**
 * Pages for as long as they are being read: the parts that an agent asks for one after the other are of one page,
 * and of one request. Each subject has its own, so that nobody learns what others have read.
 */
export class PageCache {
  readonly #pages = new LRUCache<string, Page>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ text }) => text.length + 1000,
    ttl: LIFETIME_MS,
  });

  get(subject: string, url: string, format: Format): Page | undefined {
    return this.#pages.get(key(subject, url, format));
  }

  set(subject: string, url: string, format: Format, page: Page): void {
    this.#pages.set(key(subject, url, format), page);
  }
}

function key(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
