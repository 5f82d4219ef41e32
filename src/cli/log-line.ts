/** Writes a line of JSON shaped as the lines of the service's log are, for what cannot go through the log. */
export function writeLogLine(
  stdout: NodeJS.WritableStream,
  level: 'warn' | 'fatal',
  fields: { readonly msg: string } & Readonly<Record<string, unknown>>,
): void {
  stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields })}\n`);
}
