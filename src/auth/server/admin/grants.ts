import type { AdminPage } from '../../admin-pages.ts';
import type { GrantDetails } from '../tokens/grants.ts';
import { hashedGrantId } from '../tokens/grants.ts';
import { prefixes } from '../state/records.ts';
import { scanAll } from '../state/scan-all.ts';
import { secondsCell } from './cells.ts';
import { collect, type ListQuery, matches, moreAt, READ_AT_ONCE } from './collect.ts';
import type { AdminContext } from './context.ts';
import { ADMIN } from './sections.ts';

type Content = Omit<AdminPage, 'section' | 'formToken' | 'notice'>;

/** A grant, by whom and for what. */
export interface GrantRow extends GrantDetails {
  readonly accountId: string;
  readonly gid: string;
}

/** What people have allowed. */
export async function grantsPage(context: AdminContext, { search, from }: ListQuery): Promise<Content> {
  const people = new Map((await context.accounts.list()).map((account) => [account.id, account]));
  const prefix = prefixes.allAccountGrants;
  const { rows, next } = await collect(context.store, { prefix, from }, async (rest) => {
    const grant = await readGrant(context, rest);
    const person = grant && people.get(grant.accountId);
    const texts = [person?.email, person?.name, grant?.clientName, grant?.clientId, grant?.clientHost];
    return grant !== undefined && matches(search, texts) ? [{ ...grant, person }] : [];
  });
  return {
    title: 'Grants',
    lead: 'Which application acts for whom, and what it may do.',
    search: { label: 'Person or application', value: search },
    table: {
      caption: 'Grants',
      columns: ['Person', 'Application', 'May', 'Since', 'Last use'],
      empty: 'No grant was found.',
      rows: rows.map(({ person, ...grant }) => ({
        cells: [
          {
            text: person?.name ?? grant.accountId,
            note: person?.email,
            href: `${ADMIN.people}/${grant.accountId}`,
          },
          { text: grant.clientName, note: grant.clientHost },
          { text: grant.scopes.join(', ') },
          secondsCell(grant.allowedAt),
          secondsCell(grant.lastUsedAt),
        ],
        acts: [
          {
            label: 'Revoke',
            name: `Revoke what ${person?.name ?? 'the person'} allowed ${grant.clientName}`,
            action: `${ADMIN.grants}/revoke`,
            fields: { account: grant.accountId, grant: grant.gid },
            danger: true,
          },
        ],
      })),
    },
    more: moreAt(ADMIN.grants, search, next),
  };
}

/** Ends what people have allowed a client; answers what it was. */
export async function revokeGrantsOf(context: AdminContext, clientId: string): Promise<GrantRow[]> {
  const own = (await allGrants(context)).filter((grant) => grant.clientId === clientId);
  for (const { accountId, gid } of own) await context.grants.revokeOwn(accountId, gid);
  return own;
}

/** Every grant there is. */
export async function allGrants(context: AdminContext): Promise<GrantRow[]> {
  const prefix = prefixes.allAccountGrants;
  const keys: string[] = [];
  for await (const key of scanAll(context.store, prefix)) keys.push(key.slice(prefix.length));
  const grants: (GrantRow | undefined)[] = [];
  for (let start = 0; start < keys.length; start += READ_AT_ONCE) {
    const part = keys.slice(start, start + READ_AT_ONCE);
    grants.push(...(await Promise.all(part.map((key) => readGrant(context, key)))));
  }
  return grants.filter((grant) => grant !== undefined);
}

async function readGrant({ grants }: AdminContext, rest: string): Promise<GrantRow | undefined> {
  const separator = rest.indexOf(':');
  const accountId = rest.slice(0, separator);
  const grantId = rest.slice(separator + 1);
  if (!(await grants.isGood(grantId))) return undefined;
  const details = await grants.find(accountId, grantId);
  return details && { ...details, accountId, gid: hashedGrantId(grantId) };
}
