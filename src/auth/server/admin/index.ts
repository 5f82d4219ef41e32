import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { AdminPage } from '../../admin-pages.ts';
import { AppError } from '../../../core/errors.ts';
import { AccountAdministration } from '../accounts/account-administration.ts';
import { formBody } from '../forms/form-body.ts';
import { sendPage } from '../forms/page-response.ts';
import { clientsPage } from './clients.ts';
import { listQuery } from './collect.ts';
import { ConfirmPages } from './confirm.ts';
import { connectionsPage, timelinePage } from './connections.ts';
import type { AdminContext } from './context.ts';
import { grantsPage } from './grants.ts';
import { endGrant, endGrantsOfClient, endOneSession, takeClient } from './other-acts.ts';
import { type Owner, OwnerAccess } from './owner-access.ts';
import { type ActResult, addPerson, type PersonAct, PERSON_ACTS } from './person-acts.ts';
import { peoplePage, personPage } from './people.ts';
import { ADMIN, NOTICES } from './sections.ts';
import { sessionsPage } from './sessions.ts';

export type { AdminContext } from './context.ts';

type Content = Omit<AdminPage, 'section' | 'formToken' | 'notice'>;
type Section = AdminPage['section'];

interface OwnerVisit {
  readonly request: Request;
  readonly response: Response;
  readonly owner: Owner;
}

/** A page, made anew whenever it is shown. */
type Describe = (request: Request, owner: Owner) => Promise<Content>;
type Act = (request: Request, owner: Owner) => Promise<ActResult>;

/** The administration for owners; for everybody else there is nothing at these addresses. */
export function adminRoutes(context: AdminContext): RequestHandler {
  const pages = new AdminRoutes(context);
  const { router } = pages;
  const administration = new AccountAdministration(context);
  router.get(ADMIN.home, async (request, response) => {
    await pages.access.require(request, response);
    response.redirect(303, ADMIN.people);
  });
  pages.confirm.mount(router);

  const people: Describe = (request) => peoplePage(context, listQuery(request));
  const person: Describe = async (request) => personPage(context, await personOf(context, request));
  const clients: Describe = (request) => clientsPage(context, listQuery(request));
  const grants: Describe = (request) => grantsPage(context, listQuery(request));
  const sessions: Describe = (request, owner) => sessionsPage(context, listQuery(request), owner);

  pages.show(ADMIN.people, 'people', people);
  pages.act(`${ADMIN.people}/add`, ['people', people], (request, owner) =>
    addPerson(administration, { request, owner, publicUrl: context.publicUrl }),
  );
  pages.show(`${ADMIN.people}/:id`, 'people', person);
  for (const [name, act] of Object.entries<PersonAct>(PERSON_ACTS)) {
    pages.act(`${ADMIN.people}/:id/${name}`, ['people', person], async (request, owner) => {
      const account = await personOf(context, request);
      return await act(administration, { account, request, owner, publicUrl: context.publicUrl });
    });
  }
  pages.show(ADMIN.clients, 'clients', clients);
  pages.act(`${ADMIN.clients}/remove`, ['clients', clients], (...asked) => takeClient(context, ...asked));
  pages.act(`${ADMIN.clients}/revoke`, ['clients', clients], (...asked) =>
    endGrantsOfClient(context, ...asked),
  );
  pages.show(ADMIN.grants, 'grants', grants);
  pages.act(`${ADMIN.grants}/revoke`, ['grants', grants], (...asked) => endGrant(context, ...asked));
  pages.show(ADMIN.sessions, 'sessions', sessions);
  pages.act(`${ADMIN.sessions}/end`, ['sessions', sessions], (...asked) => endOneSession(context, ...asked));
  pages.show(ADMIN.connections, 'connections', (request) => connectionsPage(context, listQuery(request)));
  pages.show(`${ADMIN.connections}/of`, 'connections', ({ query: { client, address } }) => {
    if (typeof client === 'string') return timelinePage(context, { clientId: client });
    if (typeof address === 'string') return timelinePage(context, { address });
    throw new AppError('NOT_FOUND', 'Name a client or an address.');
  });
  return router;
}

async function personOf({ accounts }: AdminContext, request: Request): ReturnType<typeof requireAccount> {
  return await requireAccount(accounts, String(request.params['id']));
}

async function requireAccount(
  accounts: AdminContext['accounts'],
  id: string,
): Promise<NonNullable<Awaited<ReturnType<AdminContext['accounts']['find']>>>> {
  // What cannot be an id is not asked for.
  const account = /^[\w-]{1,40}$/.test(id) ? await accounts.find(id) : undefined;
  if (account === undefined) throw new AppError('NOT_FOUND', 'There is no such account.');
  return account;
}

/** What all pages and acts of the administration go through. */
class AdminRoutes {
  readonly router = Router({ caseSensitive: true });
  readonly access: OwnerAccess;
  readonly confirm: ConfirmPages;
  readonly #context: AdminContext;

  constructor(context: AdminContext) {
    this.#context = context;
    this.access = new OwnerAccess(context);
    this.confirm = new ConfirmPages(context, this.access);
  }

  /** Shows a page to owners. */
  show(path: string, section: Section, describe: Describe): void {
    this.router.get(path, async (request, response) => {
      const owner = await this.access.require(request, response);
      const done = Object.entries(NOTICES).find(([word]) => word === request.query['done'])?.[1];
      const content = await describe(request, owner);
      this.#send({ request, response, owner }, { section, ...content, notice: done });
    });
  }

  /** Carries an act of an owner out, who has to be there, and shows the page again if it cannot be done. */
  act(path: string, [section, describe]: readonly [Section, Describe], act: Act): void {
    this.router.post(path, formBody, async (request, response) => {
      const owner = await this.access.submit(request, response);
      if (!owner.isRecent) {
        this.confirm.ask(request, response);
        return;
      }
      const result = await attempt(() => act(request, owner));
      if ('to' in result) {
        response.redirect(303, result.to);
        return;
      }
      const content = { section, ...(await describe(request, owner)), ...result };
      this.#send({ request, response, owner }, content, 'problem' in result ? 422 : 200);
    });
  }

  #send({ request, response, owner }: OwnerVisit, content: Omit<AdminPage, 'formToken'>, status = 200): void {
    const formToken = this.#context.forms.issue(request, response, owner.purpose);
    sendPage(response, this.#context.pages.admin({ ...content, formToken }), status);
  }
}

/** What a person can put right is said on the page. */
async function attempt(act: () => Promise<ActResult>): Promise<ActResult | { readonly problem: string }> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof AppError) || !['INVALID_ARGUMENT', 'FORBIDDEN'].includes(error.code)) throw error;
    return { problem: error.next === undefined ? error.message : `${error.message} First ${error.next}.` };
  }
}
