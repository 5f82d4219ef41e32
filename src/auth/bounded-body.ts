/** Statuses that come without a body (Fetch §2.2.3). */
const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * The same response with its body read. Bytes are counted after decompression: what is small on the wire may be
 * huge in memory.
 *
 * @throws Error when the body is larger than that
 */
export async function boundedBody(response: Response, maxBytes: number): Promise<Response> {
  const { status, headers } = response;
  const content: AsyncIterable<Uint8Array> | null = response.body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of content ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`The answer of ${response.url} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new Response(NULL_BODY.has(status) ? null : Buffer.concat(chunks), { status, headers });
}
