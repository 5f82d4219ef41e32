/** Whether every user of the machine may read a file of this mode. Windows keeps no such bits. */
export function isWorldReadable(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o004) !== 0;
}
