import type { Request } from 'express';
import type { AdminPage } from '../../admin-pages.ts';
import { AppError } from '../../../core/errors.ts';
import { ALL_SCOPES } from '../../../core/scopes.ts';
import type { AccountAdministration } from '../accounts/account-administration.ts';
import { type Account, canonicalEmail } from '../accounts/accounts.ts';
import { field } from '../forms/form-body.ts';
import type { Owner } from './owner-access.ts';
import { scopeFieldName } from './people.ts';
import { ADMIN } from './sections.ts';

/** Where to go after an act, or what to show on the page that it was done on. */
export type ActResult = { readonly to: string } | Pick<AdminPage, 'notice' | 'secret'>;

interface Asked {
  readonly request: Request;
  readonly owner: Owner;
  readonly publicUrl: URL;
}

export type PersonAct = (
  administration: AccountAdministration,
  asked: Asked & { readonly account: Account },
) => Promise<ActResult>;

const MAX_GROUPS = 50;
const MAX_GROUP_CHARACTERS = 200;

/** What can be done to a person, by the last part of its path. */
export const PERSON_ACTS = {
  role: async (administration, { account, request, owner }) => {
    const role = roleOf(field(request, 'role'));
    await administration.setRole(account.id, role, owner);
    return back(account, 'role');
  },
  scopes: async (administration, { account, request, owner }) => {
    const chosen = ALL_SCOPES.filter((scope) => field(request, scopeFieldName(scope)) === 'yes');
    const scopes = field(request, 'limit') === 'only' ? chosen : undefined;
    await administration.setScopes(account.id, scopes, owner);
    return back(account, 'scopes');
  },
  groups: async (administration, { account, request, owner }) => {
    await administration.setGroups(account.id, groupsOf(field(request, 'groups')), owner);
    return back(account, 'groups');
  },
  'password-link': async (administration, { account, owner, publicUrl }) =>
    linkFor(await administration.passwordLink(account.id, owner), publicUrl),
  'sign-out': async (administration, { account, owner }) => {
    await administration.signOut(account.id, owner);
    return back(account, 'signed-out');
  },
  disable: async (administration, { account, owner }) => {
    await administration.disable(account.id, owner);
    return back(account, 'disabled');
  },
  enable: async (administration, { account, owner }) => {
    await administration.enable(account.id, owner);
    return back(account, 'enabled');
  },
  remove: async (administration, { account, request, owner }) => {
    if (canonicalEmail(field(request, 'email')) !== account.email) {
      throw new AppError('INVALID_ARGUMENT', 'This is not the e-mail address of the person.');
    }
    await administration.remove(account.id, owner);
    return { to: `${ADMIN.people}?done=person-removed` };
  },
} as const satisfies Readonly<Record<string, PersonAct>>;

/** Adds a person, who is then known by the password that was given, or gets a link to set one. */
export async function addPerson(
  administration: AccountAdministration,
  { request, owner, publicUrl }: Asked,
): Promise<ActResult> {
  const password = field(request, 'password');
  const person = {
    email: field(request, 'email'),
    name: field(request, 'name'),
    role: roleOf(field(request, 'role')),
  };
  if (password === '') {
    const { token } = await administration.invite(person, owner);
    return { notice: 'The person was added.', ...linkFor(token, publicUrl) };
  }
  await administration.add({ ...person, password }, owner);
  return { to: `${ADMIN.people}?done=added` };
}

function linkFor(token: string, publicUrl: URL): ActResult {
  return {
    secret: {
      label: 'Give the person this link. It works once, within a day, and is shown only now.',
      value: new URL(`/setup/password/${token}`, publicUrl).href,
    },
  };
}

function back({ id }: Account, done: string): ActResult {
  return { to: `${ADMIN.people}/${id}?done=${done}` };
}

function roleOf(value: string): Account['role'] {
  if (value === 'owner' || value === 'member') return value;
  throw new AppError('INVALID_ARGUMENT', 'Choose a role.');
}

function groupsOf(value: string): string[] {
  const groups = [...new Set(value.split(',').map((group) => group.trim()))].filter((group) => group !== '');
  if (groups.length <= MAX_GROUPS && groups.every(({ length }) => length <= MAX_GROUP_CHARACTERS))
    return groups;
  throw new AppError(
    'INVALID_ARGUMENT',
    `There can be ${MAX_GROUPS} groups with ${MAX_GROUP_CHARACTERS} characters each.`,
  );
}
