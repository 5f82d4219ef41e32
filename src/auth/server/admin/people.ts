import type { AdminField, AdminForm, AdminPage, AdminTable } from '../../admin-pages.ts';
import { ALL_SCOPES, type Scope, SCOPES } from '../../../core/scopes.ts';
import { allowedScopes } from '../accounts/allowed-scopes.ts';
import type { Account } from '../accounts/accounts.ts';
import { mayUsePassword } from '../federation/sign-in-choices.ts';
import { listSessions } from '../accounts/sessions.ts';
import { dayCell } from './cells.ts';
import { type ListQuery, matches, moreAt, pageOf } from './collect.ts';
import type { AdminContext } from './context.ts';
import { ADMIN } from './sections.ts';

type Content = Omit<AdminPage, 'section' | 'formToken' | 'notice'>;

/** The people who can sign in, oldest first. */
export async function peoplePage(context: AdminContext, query: ListQuery): Promise<Content> {
  const { search } = query;
  const all = await context.accounts.list();
  const found = all.filter(({ email, name, groups }) => matches(search, [email, name, ...groups]));
  const { rows, next } = pageOf(found, query);
  return {
    title: 'People',
    lead: 'Who can sign in here, and allow applications to act in their name.',
    search: { label: 'Name, e-mail address or group', value: search },
    table: peopleTable(rows),
    more: moreAt(ADMIN.people, search, next),
    forms: [addForm(context)],
  };
}

function peopleTable(rows: readonly Account[]): AdminTable {
  return {
    caption: 'People',
    columns: ['Person', 'Role', 'State', 'Since'],
    empty: 'Nobody was found.',
    rows: rows.map((account) => ({
      cells: [
        { text: account.name, note: account.email, href: `${ADMIN.people}/${account.id}` },
        { text: account.role },
        stateOf(account),
        dayCell(new Date(account.createdAt)),
      ],
    })),
  };
}

function stateOf({ disabledAt }: Account): { text: string; tone: 'good' | 'bad' } {
  return disabledAt === undefined ? { text: 'active', tone: 'good' } : { text: 'disabled', tone: 'bad' };
}

function addForm({ options }: AdminContext): AdminForm {
  const forMembers = mayUsePassword(options, { role: 'member' });
  const link =
    'Without a password you get a link that works once within a day, at which the person sets one.';
  return {
    title: forMembers ? 'Add a person' : 'Add an owner with a password',
    text: forMembers
      ? link
      : `Others get their account by signing in at an identity provider. An owner with a password gets in when none can be reached. ${link}`,
    action: `${ADMIN.people}/add`,
    button: 'Add',
    fields: [
      { kind: 'email', name: 'email', label: 'E-mail address', required: true },
      { kind: 'text', name: 'name', label: 'Name' },
      { kind: 'password', name: 'password', label: 'Password', hint: 'Leave it empty for a link.' },
      roleField(
        forMembers ? ROLES : ROLES.filter(({ value }) => value === 'owner'),
        forMembers ? 'member' : 'owner',
      ),
    ],
  };
}

interface Role {
  readonly value: Account['role'];
  readonly label: string;
}

const ROLES: readonly Role[] = [
  { value: 'member', label: 'Member: may allow what the configuration says' },
  { value: 'owner', label: 'Owner: may allow everything, and administers' },
];

function roleField(roles: readonly Role[], chosen: Account['role']): AdminField {
  const options = roles.map((role) => ({ ...role, checked: role.value === chosen }));
  return { kind: 'choice', name: 'role', label: 'Role', options };
}

/** What the role of a person can become. */
function rolesOf({ identity }: Account, { options }: AdminContext): readonly Role[] {
  if (mayUsePassword(options, { role: 'member', identity }) || identity !== undefined) return ROLES;
  const label = 'Member: cannot sign in any more, as members do so at an identity provider';
  return ROLES.map((role) => (role.value === 'member' ? { ...role, label } : role));
}

/** One person, and what can be done to them. */
export async function personPage(context: AdminContext, account: Account): Promise<Content> {
  const [grants, sessions] = await Promise.all([
    context.grants.list(account.id),
    listSessions(context.store, account.id),
  ]);
  const { options } = context;
  return {
    title: account.name,
    facts: [
      ['E-mail address', { text: account.email }],
      ['Subject', { text: account.id, note: 'as policies and the audit log name the person' }],
      ['Role', { text: account.role }],
      ['State', stateOf(account)],
      ['Signs in', { text: signInOf(account) }],
      ['May allow', { text: allowedScopes(account, options).granted.join(', ') || 'nothing' }],
      ['Groups', { text: account.groups.join(', ') || 'none' }],
      ['Allowed applications', grantsCell(account, grants.length)],
      ['Signed in', { text: `in ${String(sessions.length)} browser${sessions.length === 1 ? '' : 's'}` }],
    ],
    forms: personForms(account, context),
  };
}

function signInOf({ identity, hasPassword }: Account): string {
  if (identity !== undefined) return `at ${identity.provider}`;
  return hasPassword ? 'with a password' : 'without a password';
}

function grantsCell({ email }: Account, count: number): { text: string; href?: string } {
  if (count === 0) return { text: 'none' };
  return { text: String(count), href: `${ADMIN.grants}?${new URLSearchParams({ q: email }).toString()}` };
}

function personForms(account: Account, context: AdminContext): AdminForm[] {
  const at = (act: string): string => `${ADMIN.people}/${account.id}/${act}`;
  const state: AdminForm =
    account.disabledAt === undefined
      ? {
          title: 'Disable',
          text: 'Signs the person out, ends what they have allowed, and refuses them until they are enabled.',
          ...{ action: at('disable'), button: 'Disable', fields: [], danger: true },
        }
      : { title: 'Enable', action: at('enable'), button: 'Enable', fields: [] };
  return [
    {
      title: 'Role',
      ...{ action: at('role'), button: 'Change the role' },
      fields: [roleField(rolesOf(account, context), account.role)],
    },
    scopesForm(account, at('scopes')),
    {
      title: 'Groups',
      ...{ action: at('groups'), button: 'Change the groups' },
      fields: [
        {
          kind: 'text',
          name: 'groups',
          label: 'Groups',
          value: account.groups.join(', '),
          hint: 'Separated by commas. Policies name them; an identity provider overwrites them.',
        },
      ],
    },
    ...(mayUsePassword(context.options, account) ? [passwordForm(at('password-link'))] : []),
    { title: 'Sign out', action: at('sign-out'), button: 'Sign out everywhere', fields: [] },
    state,
    {
      title: 'Remove',
      text: 'Removes the account and ends what the person has allowed. It cannot be undone.',
      ...{ action: at('remove'), button: 'Remove the person', danger: true },
      fields: [
        {
          kind: 'email',
          name: 'email',
          label: 'Their e-mail address, to be sure',
          required: true,
        },
      ],
    },
  ];
}

function passwordForm(action: string): AdminForm {
  return {
    title: 'Password',
    text: 'Makes a link that works once within a day, at which the person sets a new password.',
    ...{ action, button: 'Make a link', fields: [] },
  };
}

function scopesForm({ scopes }: Account, action: string): AdminForm {
  return {
    title: 'What they may allow',
    ...{ action, button: 'Change what they may allow' },
    fields: [
      {
        kind: 'choice',
        name: 'limit',
        label: 'The person may allow',
        options: [
          { value: 'role', label: 'what the role may', checked: scopes === undefined },
          { value: 'only', label: 'only these:', checked: scopes !== undefined },
        ],
      },
      {
        kind: 'checks',
        label: 'Scopes',
        options: ALL_SCOPES.map((scope) => ({
          name: scopeFieldName(scope),
          value: 'yes',
          label: `${SCOPES[scope].words} (${scope})`,
          checked: scopes?.includes(scope) === true,
        })),
      },
    ],
  };
}

export function scopeFieldName(scope: Scope): string {
  return `scope ${scope}`;
}
