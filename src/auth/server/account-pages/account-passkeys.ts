import { AppError } from '../../../core/errors.ts';
import { showAccount } from './account-views.ts';
import { type AccountForm, type AccountPageContext, isRecent, record } from './account-visit.ts';
import { displayName } from '../clients/client-display.ts';
import { field } from '../forms/form-body.ts';
import { passkeyHandle } from '../sign-in/passkey-records.ts';
import { agentInWords } from './user-agent.ts';

const MAX_NAME_CHARACTERS = 60;

/** What a browser needs to make a passkey, for the script of the page. */
export async function passkeyOptions(context: AccountPageContext, form: AccountForm): Promise<void> {
  assertMayAdd(context, form);
  form.response.json(await context.passkeys.registrationOptions(form.account, form.formToken));
}

export async function addPasskey(context: AccountPageContext, form: AccountForm): Promise<void> {
  assertMayAdd(context, form);
  const { account, formToken, request, response } = form;
  const answer = { response: field(request, 'credential'), formToken };
  const passkey = await context.passkeys.register(account, nameIn(form), answer);
  if (passkey === undefined) {
    await showAccount(context, form, { problem: 'The passkey was not accepted. Try again.', status: 422 });
    return;
  }
  record(context, form, { action: 'passkey.added', details: { passkey: passkeyHandle(passkey) } });
  response.redirect(303, '/account?done=passkey-added');
}

export async function renamePasskey(context: AccountPageContext, form: AccountForm): Promise<void> {
  const handle = field(form.request, 'passkey');
  const name = nameIn(form);
  const { records } = context.passkeys;
  if (await records.change(form.account.id, handle, (passkey) => ({ ...passkey, name }))) {
    record(context, form, { action: 'passkey.renamed', details: { passkey: handle } });
  }
  form.response.redirect(303, '/account?done=passkey-renamed');
}

export async function removePasskey(context: AccountPageContext, form: AccountForm): Promise<void> {
  const handle = field(form.request, 'passkey');
  // Gone already is what was asked for.
  if ((await context.passkeys.records.remove(form.account.id, handle)) !== undefined) {
    record(context, form, { action: 'passkey.removed', details: { passkey: handle } });
  }
  form.response.redirect(303, '/account?done=passkey-removed');
}

/** Who finds an open browser must not leave a key of their own behind. */
function assertMayAdd(context: AccountPageContext, form: AccountForm): void {
  if (!context.passkeys.mayHave(form.account)) {
    throw new AppError('FORBIDDEN', 'This account has no passkeys here.');
  }
  if (isRecent(context, form)) return;
  throw new AppError('FORBIDDEN', 'You signed in too long ago to add a passkey.', {
    next: 'load your account page again and confirm who you are',
  });
}

function nameIn({ request }: AccountForm): string {
  const browser = agentInWords(request.headers['user-agent']);
  return displayName(field(request, 'name').slice(0, MAX_NAME_CHARACTERS), browser);
}
