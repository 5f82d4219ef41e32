import { type Html, html } from './html.ts';

// The server does not know where the person is: times say their zone.
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const MOMENT = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  ...{ timeZone: 'UTC', timeZoneName: 'short' },
});

/** A date, without the time. */
export function dayOf(date: Date): Html {
  return html`<time datetime="${date.toISOString()}">${DAY.format(date)}</time>`;
}

/** Date and time; as text where no markup can stand. */
export function momentOf(date: Date, form: 'text'): string;
export function momentOf(date: Date): Html;
export function momentOf(date: Date, form?: 'text'): Html | string {
  const text = MOMENT.format(date);
  return form === 'text' ? text : html`<time datetime="${date.toISOString()}">${text}</time>`;
}
