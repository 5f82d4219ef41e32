/** With what status the process ends; documented in `fairlead --help`. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** `EX_CONFIG` of sysexits.h: starting again without changing something is useless. */
  configuration: 78,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];
