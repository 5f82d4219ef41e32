/** What an argument is made of, in order. */
export type Part = { readonly literal: string } | { readonly param: string };

/** One argument of a command, before there are values. */
export type Template = readonly Part[];

const PART = /\{\{|\}\}|\{([a-z][a-z0-9_]*)\}|[{}]|[^{}]+/g;

/** Reads `--month={month}`; `{{` and `}}` stand for braces. Answers undefined where a brace stands alone. */
export function parseTemplate(text: string): Template | undefined {
  const parts: Part[] = [];
  for (const [match, param] of text.matchAll(PART)) {
    if (param !== undefined) parts.push({ param });
    else if (match === '{' || match === '}') return undefined;
    else parts.push({ literal: match === '{{' ? '{' : match === '}}' ? '}' : match });
  }
  return parts;
}

export function paramsOf(template: Template): string[] {
  return template.flatMap((part) => ('param' in part ? [part.param] : []));
}

/** What stands before the first value. */
export function leadOf(template: Template): string {
  const first = template.findIndex((part) => 'param' in part);
  const lead = first === -1 ? template : template.slice(0, first);
  return lead.map((part) => ('literal' in part ? part.literal : '')).join('');
}
