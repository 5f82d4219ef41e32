/** The two tools that lead to others, where there are more than are listed. */
export const SEARCH_TOOLS = 'search_tools';
export const CALL_TOOL = 'call_tool';

/**
 * Whether it is one of them. They are ways, not works: each shows or calls what the principal may use, and what
 * they lead to is judged itself.
 */
export function isDiscovery(name: string): boolean {
  return name === SEARCH_TOOLS || name === CALL_TOOL;
}
