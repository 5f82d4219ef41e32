import type { AdminCell } from '../../admin-pages.ts';

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const MOMENT = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  timeZone: 'UTC',
});

/** A day, for people; nothing where it is not known. */
export function dayCell(time: Date | undefined): AdminCell {
  return time === undefined ? { text: '–', tone: 'quiet' } : { text: DAY.format(time), time };
}

/** A moment to the second, in UTC. */
export function momentCell(time: Date): AdminCell {
  return { text: `${MOMENT.format(time)} UTC`, time };
}

export function secondsCell(seconds: number | undefined): AdminCell {
  return dayCell(seconds === undefined ? undefined : new Date(seconds * 1000));
}
