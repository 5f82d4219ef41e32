import { isIP } from 'node:net';
import {
  type Connected,
  type Connection,
  Connections,
  isFailure,
  reasonWith,
  type Timeline,
  wordsOf,
} from '../auth/index.ts';
import { AppError } from '../core/errors.ts';
import { withStore } from './stored-state.ts';
import type { Surroundings } from './surroundings.ts';

/** Lines of the list, and of a timeline, that a terminal is given. */
const LISTED = 50;
/** Clients of the same name that are offered: many applications register anew for each try. */
const NAMESAKES = 5;

/** `fairlead connections`: who came here lately, or what one of them did and where it got stuck. */
export async function showConnections(
  surroundings: Surroundings,
  who: string | undefined,
  options: { readonly json?: true },
): Promise<void> {
  await withStore(surroundings, 'Connections', async (store, config) => {
    const connections = new Connections({ store, keptSeconds: config.auth.connections.keptSeconds });
    const json = options.json === true;
    const text =
      who === undefined
        ? await listText(connections, json)
        : await timelineText(connections, await find(connections, who), json);
    surroundings.stdout.write(`${text}\n`);
  });
}

/** By address, client id, or a name that only one of them has. */
async function find(connections: Connections, who: string): Promise<Connected> {
  if (isIP(who) !== 0) return { address: who };
  const all = await connections.list();
  const named = all.filter((connection) => isCalled(connection, who));
  const [first, second] = named;
  if (first === undefined) {
    throw new AppError('NOT_FOUND', `Nothing is known of ${who}, or not any more.`, {
      next: 'fairlead connections lists who came here',
    });
  }
  if (second === undefined) return first.who;
  throw new AppError('INVALID_ARGUMENT', `Several clients are called ${who}.`, {
    next: `name one of them by its id, the last active first: ${named
      .slice(0, NAMESAKES)
      .map(({ who: one }) => idOf(one))
      .join(', ')}`,
  });
}

function isCalled({ who, name }: Connection, wanted: string): boolean {
  return idOf(who) === wanted || name?.toLowerCase() === wanted.toLowerCase();
}

async function listText(connections: Connections, json: boolean): Promise<string> {
  const all = await connections.list();
  if (json) return JSON.stringify(all, undefined, 2);
  if (all.length === 0) return 'Nobody came here lately.';
  const rows = all.slice(0, LISTED).map(({ who, name, last, failed }) => {
    const reason = failed && last.reason !== undefined ? `: ${reasonWith(last.reason).meaning}` : '';
    return [time(last.at), mark(failed), idOf(who), name ?? '', wordsOf(last) + reason];
  });
  const lines = columns([['LAST ACTIVE', '', 'CLIENT OR ADDRESS', 'NAME', 'LAST STEP'], ...rows]);
  const left = all.length - rows.length;
  return left > 0 ? `${lines}\n… and ${left} more; --json has them all` : lines;
}

async function timelineText(connections: Connections, who: Connected, json: boolean): Promise<string> {
  const timeline = await connections.timeline(who);
  if (json) return JSON.stringify({ who, ...timeline }, undefined, 2);
  const { name, steps } = timeline;
  const title = name === undefined ? idOf(who) : `${name} (${idOf(who)})`;
  const rows = steps.map((step) => [
    time(step.at),
    mark(isFailure(step)),
    wordsOf(step) + (step.times === undefined ? '' : ` (${step.times} times)`),
    ('clientId' in who ? step.address : step.clientId) ?? '',
    step.detail ?? '',
  ]);
  return [title, ...finding(timeline), '', rows.length === 0 ? 'No step is known.' : columns(rows)].join(
    '\n',
  );
}

/** The failing step first. */
function finding({ diagnosis, steps }: Timeline): string[] {
  if (diagnosis === undefined) return steps.length === 0 ? [] : ['Nothing is refused to it at the moment.'];
  const { stalled, sentence, step, meaning, next } = diagnosis;
  const what = stalled ? 'Nothing came after' : 'Failed';
  return ['', `${what}: ${sentence}, ${time(step.at)}`, `Why: ${meaning}`, `Fix: ${next}`];
}

function idOf(who: Connected): string {
  return 'clientId' in who ? who.clientId : who.address;
}

function mark(failed: boolean): string {
  return failed ? 'FAILED' : 'ok';
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace(/\.\d+/, '');
}

function columns(rows: readonly (readonly string[])[]): string {
  const count = Math.max(...rows.map(({ length }) => length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
