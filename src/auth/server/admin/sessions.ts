import type { AdminPage } from '../../admin-pages.ts';
import { listSessions } from '../accounts/sessions.ts';
import { agentInWords } from '../account-pages/user-agent.ts';
import { momentCell } from './cells.ts';
import { type ListQuery, matches, moreAt, pageOf } from './collect.ts';
import type { AdminContext } from './context.ts';
import { ADMIN } from './sections.ts';
import type { Owner } from './owner-access.ts';

type Content = Omit<AdminPage, 'section' | 'formToken' | 'notice'>;

/** The browsers in which people are signed in. */
export async function sessionsPage(
  { accounts, store }: AdminContext,
  query: ListQuery,
  owner: Owner,
): Promise<Content> {
  const { search } = query;
  const all = await accounts.list();
  const found = all.filter(({ email, name }) => matches(search, [email, name]));
  // By person: each page has the sessions of some.
  const { rows, next } = pageOf(found, query);
  const sessions = await Promise.all(
    rows.map(async (person) =>
      (await listSessions(store, person.id)).map((session) => ({ person, session })),
    ),
  );
  return {
    title: 'Sessions',
    lead: 'The browsers in which people are signed in to the pages of this server.',
    search: { label: 'Person', value: search },
    table: {
      caption: 'Sessions',
      columns: ['Person', 'Signed in', 'From', 'Ends'],
      empty: 'No session was found.',
      rows: sessions.flat().map(({ person, session }) => ({
        cells: [
          { text: person.name, note: session.uid === owner.session.uid ? 'this browser' : person.email },
          momentCell(session.signedInAt),
          { text: session.address ?? '–', note: agentInWords(session.agent) },
          momentCell(session.expiresAt),
        ],
        acts: [
          {
            label: 'Sign out',
            name: `Sign out ${person.name} in this browser`,
            action: `${ADMIN.sessions}/end`,
            fields: { account: person.id, session: session.uid },
            danger: true,
          },
        ],
      })),
    },
    more: moreAt(ADMIN.sessions, search, next),
  };
}
