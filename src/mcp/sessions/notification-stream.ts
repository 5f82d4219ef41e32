import { AppError } from '../../core/errors.ts';
import type { Definitions } from '../definitions.ts';
import type { ChangeBus, ChangeEvent } from '../changes/change-bus.ts';
import { notificationOf } from '../changes/notification.ts';
import type { EventStream } from '../event-stream.ts';
import type { EventStreams } from '../event-streams.ts';
import type { Exchange } from '../exchange.ts';
import type { Hub } from '../hub.ts';
import { hasPriming } from './revisions.ts';
import type { Session } from './session.ts';
import type { SessionStates } from './session-state.ts';
import { isAfter, takeTurn } from './turn.ts';

export interface NotificationParts {
  readonly definitions: Definitions;
  readonly hub: Hub;
  readonly changes: ChangeBus;
  readonly states: SessionStates;
  readonly streams: EventStreams;
  readonly retryMs: number;
}

const CHANGE_ID = /^changes\.([\x21-\x7e]{1,64})$/;
const SINCE_TIME = /^at-(\d{1,16})$/;

/** Whether an event id is one of the stream that a GET opens. */
export function isChangeEventId(eventId: string): boolean {
  return CHANGE_ID.test(eventId);
}

/**
 * The stream of a GET: what the server has to tell of its own accord (2025-11-25, basic/transports,
 * "Listening for Messages from the Server"). A session has one: a newer one ends the older, so that nothing
 * is told twice.
 *
 * @throws AppError `BUSY` when the principal has too many streams; `BAD_REQUEST` for an unknown event
 */
export async function openNotificationStream(
  exchange: Exchange,
  session: Session,
  lastEventId: string | undefined,
  parts: NotificationParts,
): Promise<void> {
  const { changes, states, streams, retryMs } = parts;
  const beganAt = Date.now();
  // From before the past is read, so that nothing falls between the two.
  const events = new HeldEvents(changes);
  try {
    await changes.ready();
    const missed = lastEventId === undefined ? [] : await missedSince(lastEventId, changes);
    const { principal, response } = exchange;
    // The stream is this token's, and the subscriptions may be those of one that could read more.
    const readable = (uri: string): boolean => parts.definitions.resources.isWithinReach(principal, uri);
    const subscriptions = async (): Promise<string[]> =>
      (await states.read(session)).subscriptions.filter(readable);
    const first = await subscriptions();
    const out = streams.openStanding(response, { kind: 'notifications', principal });
    out.onClose(() => {
      events.stop();
    });
    const followed = followSubscriptions(out, session, { first, now: subscriptions }, parts);
    // Ended while the stream was opened: nobody tells of it any more.
    if ((await states.read(session)).isEnded) out.end();
    if (lastEventId === undefined && hasPriming(session.revision)) {
      out.prime(`changes.at-${beganAt}`, retryMs);
    }
    events.release(missed, (event) => {
      tellChange(out, event, followed());
    });
  } catch (error) {
    events.stop();
    throw error;
  }
}

/** Keeps changes back until what came before them has been told. */
class HeldEvents {
  readonly stop: () => void;
  #held: ChangeEvent[] = [];
  #tell: ((event: ChangeEvent) => void) | undefined;

  constructor(changes: ChangeBus) {
    this.stop = changes.subscribe((event) => {
      if (this.#tell === undefined) this.#held.push(event);
      else this.#tell(event);
    });
  }

  release(missed: readonly ChangeEvent[], tell: (event: ChangeEvent) => void): void {
    const known = new Set(missed.map(({ id }) => id));
    for (const event of missed) tell(event);
    for (const event of this.#held) if (!known.has(event.id)) tell(event);
    this.#held = [];
    this.#tell = tell;
  }
}

/** Answers the resources that the session follows at the time; ends the stream with the session. */
function followSubscriptions(
  out: EventStream,
  session: Session,
  subscriptions: { readonly first: readonly string[]; readonly now: () => Promise<readonly string[]> },
  { hub, changes }: NotificationParts,
): () => ReadonlySet<string> {
  let followed: ReadonlySet<string> = new Set(subscriptions.first);
  const following = changes.follow({ uris: followed, list: true });
  const refresh = async (): Promise<void> => {
    followed = new Set(await subscriptions.now());
    if (out.isOpen) following.change({ uris: followed, list: true });
  };
  const me = takeTurn();
  const releases = [
    hub.on('listener', session.id, ({ by }) => {
      if (isAfter(by, me)) out.end();
    }),
    hub.on('session', session.id, ({ ended }) => {
      // Without the store nobody knows what is followed now; the client opens the stream again.
      const end = (): void => {
        out.end();
      };
      if (ended === true) end();
      else refresh().catch(end);
    }),
  ];
  hub.send({ kind: 'listener', key: session.id, data: { by: me } });
  out.onClose(() => {
    for (const release of releases) release();
    following.stop();
  });
  return () => followed;
}

function tellChange(out: EventStream, { id, change }: ChangeEvent, followed: ReadonlySet<string>): void {
  if (change.kind === 'resource' && !followed.has(change.uri)) return;
  out.send({ id: `changes.${id}`, data: JSON.stringify({ jsonrpc: '2.0', ...notificationOf(change) }) });
}

async function missedSince(lastEventId: string, changes: ChangeBus): Promise<ChangeEvent[]> {
  const position = CHANGE_ID.exec(lastEventId)?.[1];
  if (position === undefined) throw new AppError('BAD_REQUEST', 'There is no such event.');
  const time = SINCE_TIME.exec(position)?.[1];
  return time === undefined ? changes.since(position) : changes.sinceTime(Number(time));
}
