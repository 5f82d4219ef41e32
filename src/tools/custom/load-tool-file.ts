import { realpath, stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { isDefinedTool, type Tool } from '../../core/tool.ts';
import type { ToolContext } from '../../core/tool-context.ts';
import { Fault, faultIn } from './fault.ts';
import { provideToolEntry } from './tool-entry.ts';

const LIMIT_MS = 10_000;
const EXPORT_FIX =
  "write: export default defineTool({ … }), or a list of them, or a function that answers them, with defineTool of 'fairlead/tool'";

/**
 * The tools of one file. What it does when it is loaded happens here, once.
 *
 * @throws Fault
 */
export async function loadToolFile(path: string, context: ToolContext): Promise<readonly Tool[]> {
  const { href } = pathToFileURL(await regularFile(path));
  provideToolEntry([href]);
  try {
    return await withinLimit(load(href, context));
  } catch (error) {
    throw error instanceof Fault ? error : faultIn(error, href);
  }
}

/** Where the file really lies. Whoever can write it runs in this process what they like. */
async function regularFile(path: string): Promise<string> {
  const { file, status } = await look(path);
  if (!status.isFile()) throw new Fault('is no file', 'name the file itself, not a folder');
  const isOpen = process.platform !== 'win32' && (status.mode & 0o002) !== 0;
  if (isOpen) throw new Fault('can be changed by every user of this machine', `chmod o-w ${path}`);
  return file;
}

async function look(path: string) {
  try {
    const file = await realpath(path);
    return { file, status: await stat(file) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    const what = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new Fault(what, 'name a file that this user may read, below tools.custom.files');
  }
}

async function load(href: string, context: ToolContext): Promise<readonly Tool[]> {
  const module = (await import(href)) as { readonly default?: unknown };
  const made = module.default instanceof Function ? await (module.default as Make)(context) : module.default;
  if (made === undefined) throw new Fault('has no default export, or one that makes nothing', EXPORT_FIX);
  const tools: readonly unknown[] = Array.isArray(made) ? made : [made];
  if (tools.length === 0) throw new Fault('makes no tool', EXPORT_FIX);
  return tools.map((tool) => {
    if (isDefinedTool(tool)) return tool;
    throw new Fault('exports something else than what defineTool answers', EXPORT_FIX);
  });
}

/** As far as that is known: what it answers is looked at. */
type Make = (context: ToolContext) => unknown;

async function withinLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const what = `is not loaded after ${LIMIT_MS / 1000} s`;
      reject(new Fault(what, 'let it begin its work when a tool is called, not when it is loaded'));
    }, LIMIT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
