/**
 * `fairlead/tool`: what a team's own tool is made with. A tool file imports from here, and default-exports
 * what {@link defineTool} answers, a list of that, or a function that makes them ({@link ToolFile}).
 * `docs/adding-a-tool.md` shows how.
 */
export type { Asker } from './core/asker.ts';
export type { ContentClass, OutputBudget } from './core/budget.ts';
export { type Content, text } from './core/content.ts';
export { AppError, type AppErrorCode } from './core/errors.ts';
export { callText, counted, fileSize, grouped } from './core/phrases.ts';
export type { Scope } from './core/scopes.ts';
export { defineTool, type Tool, type ToolCall, type ToolDefinition, type ToolResult } from './core/tool.ts';
export type {
  CacheBounds,
  MakeTools,
  ToolCache,
  ToolContext,
  ToolFile,
  ToolStore,
} from './core/tool-context.ts';
export { traceHeaders } from './core/trace-context.ts';
/** The library that parameters are declared with, and no other copy of it. Its messages are in English. */
export * as z from 'zod';
