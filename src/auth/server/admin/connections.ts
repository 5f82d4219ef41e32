import type { AdminCell, AdminFinding, AdminPage } from '../../admin-pages.ts';
import {
  type Connected,
  type Connection,
  Connections,
  isFailure,
  reasonWith,
  type Step,
  type Timeline,
  wordsOf,
} from '../../connections/index.ts';
import { momentCell } from './cells.ts';
import { type ListQuery, matches, moreAt, pageOf } from './collect.ts';
import type { AdminContext } from './context.ts';
import { ADMIN } from './sections.ts';

type Content = Omit<AdminPage, 'section' | 'formToken' | 'notice'>;

/** Who came here lately, and how it went. */
export async function connectionsPage(context: AdminContext, query: ListQuery): Promise<Content> {
  const { search } = query;
  const all = await logOf(context).list();
  const found = all.filter(({ who, name, agent, last }) =>
    matches(search, ['clientId' in who ? who.clientId : who.address, name, agent, last.address]),
  );
  const { rows, next } = pageOf(found, query);
  return {
    title: 'Connection log',
    lead: 'Every application that tried to connect, and addresses that have not told which one they are.',
    search: { label: 'Name, id, address or user agent', value: search },
    table: {
      caption: 'Connections, the last active first',
      columns: ['Who', 'Last', 'When'],
      empty: 'Nothing was found.',
      rows: rows.map((connection) => ({
        cells: [whoCell(connection), lastCell(connection), momentCell(new Date(connection.last.at))],
      })),
    },
    more: moreAt(ADMIN.connections, search, next),
  };
}

function whoCell({ who, name, agent }: Connection): AdminCell {
  if ('address' in who) return { text: who.address, note: agent, href: hrefOf(who) };
  return { text: name ?? who.clientId, note: name === undefined ? agent : who.clientId, href: hrefOf(who) };
}

function hrefOf(who: Connected): string {
  const query = 'clientId' in who ? { client: who.clientId } : { address: who.address };
  return `${ADMIN.connections}/of?${new URLSearchParams(query).toString()}`;
}

function lastCell({ last, failed }: Connection): AdminCell {
  const reason =
    last.outcome === 'success' || last.reason === undefined ? undefined : reasonWith(last.reason);
  return { text: wordsOf(last), note: reason?.meaning, tone: failed ? 'bad' : undefined };
}

/** What one of them did, step by step, and where it got stuck. */
export async function timelinePage(context: AdminContext, who: Connected): Promise<Content> {
  const timeline = await logOf(context).timeline(who);
  const isClient = 'clientId' in who;
  const id = isClient ? who.clientId : who.address;
  return {
    title: timeline.name ?? id,
    lead: timeline.name === undefined ? undefined : id,
    finding: findingOf(timeline, isClient),
    table: {
      caption: 'Steps, the newest first',
      columns: ['When', 'What happened', isClient ? 'From' : 'Application'],
      empty: 'Nothing is known of it, or not any more.',
      rows: timeline.steps.toReversed().map((step) => ({
        cells: [
          momentCell(new Date(step.at)),
          stepCell(step),
          isClient ? { text: step.address ?? '–', note: step.agent } : applicationCell(step, timeline),
        ],
      })),
    },
  };
}

/** Which of those at the address it was, as far as it has said so. */
function applicationCell({ clientId, agent }: Step, { steps }: Timeline): AdminCell {
  if (clientId === undefined) return { text: '–', note: agent };
  const named = steps.findLast((step) => step.clientId === clientId && step.name !== undefined);
  return { text: named?.name ?? clientId, note: agent, href: hrefOf({ clientId }) };
}

function stepCell(step: Step): AdminCell {
  const { detail, reason, outcome, times = 1 } = step;
  const meaning = outcome === 'success' || reason === undefined ? undefined : reasonWith(reason).meaning;
  const notes = [meaning, detail].filter((note) => note !== undefined);
  return {
    text: times > 1 ? `${wordsOf(step)} (${String(times)} times)` : wordsOf(step),
    note: notes.length === 0 ? undefined : notes.join(' '),
    tone: isFailure(step) ? 'bad' : undefined,
  };
}

function findingOf({ diagnosis, steps }: Timeline, isClient: boolean): AdminFinding | undefined {
  if (diagnosis !== undefined) {
    const { sentence, stalled, step, meaning, next } = diagnosis;
    const title = stalled ? `${sentence}, and nothing came after` : sentence;
    // Without a name it may have been another application.
    const isUncertain = stalled || (isClient && step.clientId === undefined);
    return { tone: isUncertain ? 'warn' : 'bad', title, text: meaning, next };
  }
  if (steps.length === 0) return undefined;
  return { tone: 'good', title: 'No problem', text: 'Nothing is refused to it at the moment.' };
}

function logOf({ store, clock, options }: AdminContext): Connections {
  return new Connections({ store, clock, keptSeconds: options.connections.keptSeconds });
}
