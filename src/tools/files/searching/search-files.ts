import * as z from 'zod';
import { text } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import { defineTool, type Tool, type ToolCall } from '../../../core/tool.ts';
import { callText } from '../../../core/phrases.ts';
import type { FileAccess } from '../access.ts';
import { virtualPath } from '../workspace/virtual-path.ts';
import { Omissions } from './omissions.ts';
import { checkPattern, type SearchQuery } from './query.ts';
import { searchPage } from './search-page.ts';

const DESCRIPTION = `Searches the contents of files for a text, or for a regular expression with regex=true, and shows the matching lines with numbers, grouped by file. Take it to find where something is defined, used or mentioned, then read_file with start_line to see more; to find files by name take list_files with glob. mode=files lists only the files that match, mode=count the number of matching lines in each. Ignored and binary files are not searched. A call shows up to max_results matches (20 of one file, unless path names it); the closing line gives a cursor for more.`;

const input = z.object({
  pattern: z
    .string()
    .min(1)
    .max(2000)
    .describe('Text to find within a line, taken literally; with regex=true an expression in Rust syntax.'),
  path: z.string().default('/').describe('Folder or file to search: "/src".'),
  glob: z
    .array(z.string().min(1).max(256))
    .max(20)
    .default([])
    .describe('Only files that match one: "*.ts", "docs/**" (from path on); with "!" in front: not those.'),
  regex: z.boolean().default(false).describe('Whether pattern is a regular expression.'),
  case: z
    .enum(['smart', 'yes', 'no'])
    .default('smart')
    .describe('yes: upper and lower case differ; no: they do not; smart: only if pattern holds upper case.'),
  context: z.int().min(0).max(10).default(2).describe('Lines to show before and after each match.'),
  mode: z.enum(['matches', 'files', 'count']).default('matches').describe('What to show.'),
  max_results: z.int().min(1).max(500).default(50).describe('Matches to show; files, in the other modes.'),
  cursor: z.string().max(8000).optional().describe('From the closing line of the page before.'),
});

const ALIASES = {
  query: 'pattern',
  text: 'pattern',
  q: 'pattern',
  uri: 'path',
  paths: 'path',
  globs: 'glob',
  include: 'glob',
  file_pattern: 'glob',
  is_regex: 'regex',
  context_lines: 'context',
  output_mode: 'mode',
  limit: 'max_results',
  next_cursor: 'cursor',
};

export function searchFilesTool(access: FileAccess): Tool {
  const { searchTimeoutMs } = access.options;
  return defineTool({
    name: 'search_files',
    title: 'Search in files',
    description: DESCRIPTION,
    scopes: ['files:read'],
    effect: 'read',
    input,
    aliases: ALIASES,
    // Its own limit comes first, with advice.
    timeoutMs: searchTimeoutMs + 5000,
    async run(call, args) {
      const { max_results: maxResults, cursor, ...rest } = args;
      const query: SearchQuery = { ...rest, path: virtualPath(args.path) };
      checkPattern(query);
      const services = access.seenBy(call.principal);
      const answer = await within(searchTimeoutMs, call, query, (signal) =>
        searchPage({ services, call, query, maxResults, cursor, omissions: new Omissions(), signal }),
      );
      return { content: [text(answer)] };
    },
  });
}

/** Runs a search until its own deadline or the call's end. */
async function within<T>(
  timeoutMs: number,
  call: ToolCall,
  query: SearchQuery,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(
      new AppError('TIMEOUT', `The search did not end within ${timeoutMs / 1000} seconds.`, {
        next: `narrow it with path or glob; ${callText('list_files', { path: query.path })} shows the folders`,
      }),
    );
  }, timeoutMs);
  try {
    return await work(AbortSignal.any([call.signal, deadline.signal]));
  } finally {
    clearTimeout(timer);
  }
}
