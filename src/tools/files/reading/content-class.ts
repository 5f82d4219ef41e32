import type { ContentClass } from '../../../core/budget.ts';
import { nameOf } from '../workspace/virtual-path.ts';

const CLASSES: Readonly<Partial<Record<string, ContentClass>>> = {
  csv: 'csv',
  tsv: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  geojson: 'json',
  ipynb: 'json',
  md: 'prose',
  mdx: 'prose',
  rst: 'prose',
  txt: 'prose',
  adoc: 'prose',
};

/** How densely a file's text fills tokens, judged by its name; code, where that tells nothing. */
export function contentClassOf(path: string): ContentClass {
  const extension = /\.([^.]+)$/.exec(nameOf(path))?.[1]?.toLowerCase();
  return (extension === undefined ? undefined : CLASSES[extension]) ?? 'code';
}
