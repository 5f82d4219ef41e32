import * as z from 'zod';
import type { AdminAct, AdminCell, AdminPage } from '../../admin-pages.ts';
import { displayName, redirectTarget } from '../clients/client-display.ts';
import { ClientSlots } from '../clients/client-slots.ts';
import { prefixes, records } from '../state/records.ts';
import { secondsCell } from './cells.ts';
import { collect, type ListQuery, matches, moreAt } from './collect.ts';
import type { AdminContext } from './context.ts';
import { allGrants, type GrantRow, revokeGrantsOf } from './grants.ts';
import { ADMIN } from './sections.ts';

type Content = Omit<AdminPage, 'section' | 'formToken' | 'notice'>;

/** What is read here of a registered client as oidc-provider keeps it. */
const storedClient = z.object({
  client_id: z.string(),
  client_name: z.string().optional(),
  redirect_uris: z.array(z.string()).optional(),
  /** Seconds since the epoch. */
  client_id_issued_at: z.number().optional(),
  fairlead_slot: z.number().optional(),
});

type StoredClient = z.output<typeof storedClient>;

interface ClientRow {
  readonly clientId: string;
  readonly name: string;
  readonly kind: 'declared' | 'registered' | 'document';
  readonly hosts: readonly string[];
  readonly registeredAt: number | undefined;
}

const KINDS: Readonly<Record<ClientRow['kind'], string>> = {
  declared: 'declared in the configuration',
  registered: 'registered itself',
  document: 'known by its metadata document',
};

/** Every client that could act here. */
export async function clientsPage(context: AdminContext, query: ListQuery): Promise<Content> {
  const { search, from } = query;
  const grants = await allGrants(context);
  const wanted = (row: ClientRow): boolean => matches(search, [row.clientId, row.name, ...row.hosts]);
  const { rows, next } = await collect(
    context.store,
    { prefix: prefixes.entities('Client'), from },
    async (rest) => {
      const client = await readClient(context, prefixes.entities('Client') + rest);
      const row = client && registeredRow(client);
      return row !== undefined && wanted(row) ? [row] : [];
    },
  );
  // What needs no record here is few, and comes first.
  const others = from === 0 ? [...declaredRows(context), ...documentRows(grants)].filter(wanted) : [];
  return {
    title: 'Applications',
    lead: 'Clients that people can allow to act in their name, and those that act for themselves.',
    search: { label: 'Name, id or host', value: search },
    table: {
      caption: 'Applications',
      columns: ['Application', 'Known by', 'Returns to', 'Registered', 'Last use', 'Grants'],
      empty: 'No application was found.',
      rows: [...others, ...rows].map((row) => ({ cells: cellsOf(row, grants), acts: actsOf(row, grants) })),
    },
    more: moreAt(ADMIN.clients, search, next),
  };
}

function cellsOf(row: ClientRow, grants: readonly GrantRow[]): AdminCell[] {
  const own = grants.filter(({ clientId }) => clientId === row.clientId);
  const lastUse = Math.max(0, ...own.map(({ lastUsedAt = 0 }) => lastUsedAt));
  const query = new URLSearchParams({ client: row.clientId }).toString();
  return [
    { text: row.name, note: row.clientId, href: `${ADMIN.connections}/of?${query}` },
    { text: KINDS[row.kind] },
    { text: row.hosts.join(', ') || '–' },
    secondsCell(row.registeredAt),
    secondsCell(lastUse === 0 ? undefined : lastUse),
    { text: String(own.length) },
  ];
}

function actsOf({ kind, clientId, name }: ClientRow, grants: readonly GrantRow[]): AdminAct[] {
  const act = { fields: { client: clientId }, danger: true };
  const revoke: AdminAct = {
    ...act,
    label: 'Revoke all',
    name: `Revoke all that anybody has allowed ${name}`,
    action: `${ADMIN.clients}/revoke`,
  };
  const remove: AdminAct = {
    ...act,
    label: 'Remove',
    name: `Remove ${name} and what it was allowed`,
    action: `${ADMIN.clients}/remove`,
  };
  const hasGrants = grants.some((grant) => grant.clientId === clientId);
  return [...(hasGrants ? [revoke] : []), ...(kind === 'registered' ? [remove] : [])];
}

function registeredRow(client: StoredClient): ClientRow {
  return {
    clientId: client.client_id,
    name: displayName(client.client_name, client.client_id),
    kind: 'registered',
    hosts: hostsOf(client.redirect_uris ?? []),
    registeredAt: client.client_id_issued_at,
  };
}

function declaredRows({ options }: AdminContext): ClientRow[] {
  return options.clients.map(({ clientId, name, redirectUris }) => ({
    ...{ clientId, name },
    kind: 'declared',
    hosts: hostsOf(redirectUris),
    registeredAt: undefined,
  }));
}

/** Nothing is kept of them but what people have allowed them. */
function documentRows(grants: readonly GrantRow[]): ClientRow[] {
  const known = new Map(grants.map((grant) => [grant.clientId, grant]));
  return [...known.values()]
    .filter(({ clientId }) => clientId.startsWith('https://'))
    .map(({ clientId, clientName, clientHost }) => ({
      ...{ clientId, name: clientName },
      kind: 'document',
      hosts: [clientHost],
      registeredAt: undefined,
    }));
}

function hostsOf(uris: readonly string[]): string[] {
  return [...new Set(uris.filter((uri) => URL.canParse(uri)).map((uri) => redirectTarget(uri).name))];
}

async function readClient({ store }: AdminContext, key: string): Promise<StoredClient | undefined> {
  const value = await store.get(key);
  return value === undefined ? undefined : storedClient.safeParse(JSON.parse(value)).data;
}

/** Removes a client that registered itself, with what it was allowed; answers what it was, undefined when it is gone. */
export async function removeClient(
  context: AdminContext,
  clientId: string,
): Promise<{ readonly name: string; readonly grants: number } | undefined> {
  const { store } = context;
  const key = records.entity('Client', clientId);
  const client = await readClient(context, key);
  if (client === undefined) return undefined;
  // First of all, nobody can begin anything new with it.
  await store.take(key);
  if (client.fairlead_slot !== undefined)
    await new ClientSlots({ store, size: 0 }).release(client.fairlead_slot);
  const own = await revokeGrantsOf(context, clientId);
  return { name: displayName(client.client_name, clientId), grants: own.length };
}
