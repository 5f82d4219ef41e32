import type { Request } from 'express';
import type { AuditEvent } from '../../../core/telemetry.ts';
import { field } from '../forms/form-body.ts';
import { endSession } from '../accounts/sessions.ts';
import { removeClient } from './clients.ts';
import { revokeGrantsOf } from './grants.ts';
import type { AdminContext } from './context.ts';
import type { Owner } from './owner-access.ts';
import type { ActResult } from './person-acts.ts';
import { ADMIN } from './sections.ts';

/** Removes a registered client. One that is gone already is what was asked for. */
export async function takeClient(context: AdminContext, request: Request, owner: Owner): Promise<ActResult> {
  const clientId = field(request, 'client');
  const removed = await removeClient(context, clientId);
  if (removed !== undefined) {
    record(context, owner, { action: 'client.removed', clientId, details: { ...removed } });
  }
  return { to: `${ADMIN.clients}?done=client-removed` };
}

/** Ends what people have allowed a client, which may ask them again. */
export async function endGrantsOfClient(
  context: AdminContext,
  request: Request,
  owner: Owner,
): Promise<ActResult> {
  const clientId = field(request, 'client');
  for (const { accountId: account } of await revokeGrantsOf(context, clientId)) {
    record(context, owner, { action: 'grant.revoked', clientId, details: { account, by: 'owner' } });
  }
  return { to: `${ADMIN.clients}?done=client-revoked` };
}

export async function endGrant(context: AdminContext, request: Request, owner: Owner): Promise<ActResult> {
  const account = field(request, 'account');
  const grant = await context.grants.revokeOwn(account, field(request, 'grant'));
  if (grant !== undefined) {
    const { clientId } = grant;
    record(context, owner, { action: 'grant.revoked', clientId, details: { account, by: 'owner' } });
  }
  return { to: `${ADMIN.grants}?done=revoked` };
}

export async function endOneSession(
  context: AdminContext,
  request: Request,
  owner: Owner,
): Promise<ActResult> {
  const account = field(request, 'account');
  if (await endSession(context.store, account, field(request, 'session'))) {
    record(context, owner, { action: 'session.ended', details: { account, by: 'owner' } });
  }
  return { to: `${ADMIN.sessions}?done=session-ended` };
}

function record(
  { telemetry }: AdminContext,
  { subject, address }: Owner,
  event: Pick<AuditEvent, 'action' | 'clientId' | 'details'>,
): void {
  telemetry.audit({
    ...event,
    outcome: 'success',
    ...(subject === undefined ? {} : { subject }),
    ...(address === undefined ? {} : { address }),
  });
}
