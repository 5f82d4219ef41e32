import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// The least that any JSON-RPC server over HTTP has to do: read, parse, answer. The answer comes by standard input.

let answer = '';
for await (const chunk of process.stdin) answer += String(chunk);
const length = Buffer.byteLength(answer);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString());
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
});
