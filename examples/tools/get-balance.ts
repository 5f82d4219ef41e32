import { AppError, callText, defineTool, text, type ToolContext, z } from 'fairlead/tool';

/** One SOL is a thousand million lamports. */
const DECIMALS = 9;
const ADDRESS_BYTES = 32;
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const EXAMPLE = 'So11111111111111111111111111111111111111112';

const settingsSchema = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/ }).default('https://api.mainnet-beta.solana.com'),
  /** How long a balance is answered again without asking. */
  cacheSeconds: z.number().min(1).max(300).default(5),
});
/** An endpoint with a key in its path or query goes here instead. */
const secretsSchema = z.strictObject({ endpoint: z.url({ protocol: /^https?$/ }).optional() });

const input = z.object({
  address: z.string().min(32).max(44).describe('Of the account: 32 bytes in base58.'),
  commitment: z
    .enum(['processed', 'confirmed', 'finalized'])
    .default('confirmed')
    .describe('How settled the balance has to be; finalized is some 13 seconds behind.'),
});

const output = z.object({
  address: z.string().describe('Of the account.'),
  commitment: z.string().describe('How settled the balance is.'),
  lamports: z.string().describe('The exact balance: a whole number, as text.'),
  sol: z.string().describe('The same in SOL: a decimal number, as text.'),
  slot: z.number().describe('The slot that the balance was read at.'),
});
type Balance = z.output<typeof output>;

/** Of `getBalance`: https://solana.com/docs/rpc/http/getbalance */
const resultSchema = z.object({
  result: z.object({ context: z.object({ slot: z.int().min(0) }), value: z.string().regex(/^\d{1,20}$/) }),
});
const errorSchema = z.object({ error: z.object({ code: z.int(), message: z.string() }) });

/** The balance of a Solana account: JSON-RPC through the guarded fetch, with a cache. */
export default (context: ToolContext) => {
  const { endpoint, cacheSeconds } = settingsSchema.parse(context.settings);
  const url = secretsSchema.parse(context.secrets).endpoint ?? endpoint;
  const known = context.cache<Balance>({ entries: 1000, seconds: cacheSeconds });
  return defineTool({
    name: 'get_balance',
    title: 'Get a Solana balance',
    description:
      'Gets the balance of a Solana account in lamports and SOL, exact to the last lamport. Take it for native SOL only: tokens have accounts and balances of their own. An account that was never used has 0. Answers may be a few seconds old.',
    scopes: ['web:fetch'],
    effect: 'read',
    openWorld: true,
    input,
    output,
    aliases: { account: 'address', pubkey: 'address', public_key: 'address', wallet: 'address' },
    timeoutMs: 10_000,
    async run(call, { address, commitment }) {
      requireAddress(address);
      const key = `${commitment} ${address}`;
      let balance = known.get(key);
      if (balance === undefined) {
        const params = [address, { commitment }];
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getBalance', params });
        const headers = { 'content-type': 'application/json' };
        const response = await call.fetch(url, { method: 'POST', headers, body, signal: call.signal });
        const { context, value } = await read(response);
        balance = { address, commitment, lamports: value, sol: inSol(value), slot: context.slot };
        known.set(key, balance);
      }
      return { content: [text(JSON.stringify(balance))], structuredContent: balance };
    },
  });
};

function requireAddress(address: string): void {
  if (byteLength(address) === ADDRESS_BYTES) return;
  throw new AppError('INVALID_ARGUMENT', '"address" is not the base58 text of 32 bytes.', {
    next: callText('get_balance', { address: EXAMPLE }),
  });
}

/** How many bytes a base58 text stands for; undefined where it is none. */
function byteLength(encoded: string): number | undefined {
  let value = 0n;
  for (const character of encoded) {
    const digit = BASE58.indexOf(character);
    if (digit === -1) return undefined;
    value = value * 58n + BigInt(digit);
  }
  // Each leading 1 is a zero byte, which a number does not show.
  const zeros = /^1*/.exec(encoded)?.[0].length ?? 0;
  const rest = value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
  return zeros + rest;
}

async function read(response: Response): Promise<z.output<typeof resultSchema>['result']> {
  const { status, headers } = response;
  const body = await response.text();
  if (status === 429) {
    const seconds = Number(headers.get('retry-after'));
    const retryAfter = Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, 3600) : 5;
    throw new AppError('BUSY', 'The Solana node takes no more questions for now.', { retryAfter });
  }
  const answer = parsed(body);
  const failed = errorSchema.safeParse(answer);
  if (failed.success) throw rpcError(failed.data.error);
  const found = resultSchema.safeParse(answer);
  if (status === 200 && found.success) return found.data.result;
  if (status !== 200) throw new AppError('HTTP_STATUS', `The Solana node answered with status ${status}.`);
  throw new AppError('SOURCE_UNAVAILABLE', 'The Solana node answered something else than a balance.');
}

/** Balances can exceed what a JavaScript number holds exactly: the digits are kept as they were sent. */
function parsed(body: string): unknown {
  const keepDigits = (key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    key === 'value' && typeof value === 'number' ? context?.source : value;
  try {
    return JSON.parse(body, keepDigits);
  } catch {
    return undefined;
  }
}

/** Codes of JSON-RPC 2.0 §5.1 and of Solana's own; the node's message is for the operator alone. */
function rpcError({ code, message }: { readonly code: number; readonly message: string }): AppError {
  const cause = new Error(`JSON-RPC ${code}: ${message}`);
  if (code === -32_602) {
    return new AppError('INVALID_ARGUMENT', 'The Solana node does not take this address.', { cause });
  }
  return new AppError('SOURCE_UNAVAILABLE', `The Solana node failed with code ${code}.`, {
    cause,
    retryAfter: 5,
  });
}

function inSol(lamports: string): string {
  const digits = lamports.padStart(DECIMALS + 1, '0');
  const whole = digits.slice(0, -DECIMALS).replace(/^0+(?=\d)/, '');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
