const NAMES: ReadonlySet<string> = new Set(['localhost', '::1', '[::1]']);

/** Whether a host name or address, with or without brackets, can only mean this machine. */
export function isLoopback(host: string): boolean {
  return NAMES.has(host.toLowerCase()) || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
