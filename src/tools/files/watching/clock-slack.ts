/** File systems take their times from a clock that ticks this slowly. */
export const CLOCK_SLACK_MS = 10;
