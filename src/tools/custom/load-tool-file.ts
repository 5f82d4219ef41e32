import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError } from '../../core/configuration-error.ts';
import { isDefinedTool, type Tool } from '../../core/tool.ts';
import type { ToolContext } from '../../core/tool-context.ts';
import { Fault, faultIn } from './fault.ts';
import { provideToolEntry } from './tool-entry.ts';

const LIMIT_MS = 10_000;
/** Of a process that its configuration keeps from starting: EX_CONFIG of sysexits. */
const EXIT_STATUS = 78;
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
  const onExit = (): void => {
    tellOfExit(path);
  };
  process.once('exit', onExit);
  try {
    return await withinLimit(load(href, context));
  } catch (error) {
    throw error instanceof Fault ? error : faultIn(error, href);
  } finally {
    process.off('exit', onExit);
  }
}

/** When the process ends, it is too late to throw: without a word nobody would know which file it was. */
function tellOfExit(path: string): void {
  const what = 'the process ended while this file was loaded';
  const fix = 'take process.exit out of it, and out of what it imports';
  const { message } = new ConfigurationError([{ where: path, setting: 'tools.custom.files', what, fix }]);
  process.stderr.write(`${message}\n`);
  if ((process.exitCode ?? 0) === 0) process.exitCode = EXIT_STATUS;
}

/** Where the file really lies. Whoever can write it runs in this process what they like. */
async function regularFile(path: string): Promise<string> {
  const { file, status } = await look(path);
  if (!status.isFile()) throw new Fault('is no file', 'name the file itself, not a folder');
  if (isOpen(status)) throw new Fault('can be changed by every user of this machine', `chmod o-w ${path}`);
  const folder = await stat(dirname(file));
  // A sticky one, as /tmp is, lets nobody replace what is another's.
  if (isOpen(folder) && (folder.mode & 0o1000) === 0) {
    const fix = `chmod o-w ${dirname(path)}`;
    throw new Fault('is in a folder in which every user of this machine can replace it', fix);
  }
  return file;
}

function isOpen({ mode }: { readonly mode: number }): boolean {
  return process.platform !== 'win32' && (mode & 0o002) !== 0;
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
