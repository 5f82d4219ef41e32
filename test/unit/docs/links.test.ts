import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });

/** The fragment that leads to a heading, as GitHub makes it. */
function fragmentOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

async function fragmentsOf(file: string): Promise<Set<string>> {
  const text = await readFile(file, 'utf8');
  return new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => fragmentOf(heading)));
}

async function isBroken(document: string, link: string): Promise<boolean> {
  const [file = '', fragment] = link.split('#');
  const target = file === '' ? document : path.resolve(path.dirname(document), file);
  if (!existsSync(target)) return true;
  return fragment !== undefined && target.endsWith('.md') && !(await fragmentsOf(target)).has(fragment);
}

describe('the documents', () => {
  it.each(DOCUMENTS)('%s links to what there is', async (name) => {
    const document = path.join(ROOT, name);
    const text = await readFile(document, 'utf8');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = [];
    for (const link of links) {
      if (!/^[a-z]+:/.test(link) && (await isBroken(document, link))) broken.push(link);
    }
    expect(broken).toEqual([]);
  });
});
