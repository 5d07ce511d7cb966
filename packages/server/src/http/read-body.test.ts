import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { json } from 'node:stream/consumers';
import test from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { createLimits, type Limits } from '../limits.ts';
import { createByteBudget } from './byte-budget.ts';
import { discardRest } from './discard-rest.ts';
import { createOnePort } from './one-port.ts';
import { readBody } from './read-body.ts';
import { errorReply } from './reply-error.ts';

const HOST = '127.0.0.1';

/** A port that answers with the length of the body it read, or why it did not. */
async function openReader(limits: Limits) {
  const budget = createByteBudget(limits);
  const onePort = createOnePort(async (request, response) => {
    using hold = budget.hold();
    try {
      const body = await readBody(request, hold, limits);
      response.end(JSON.stringify({ length: body.length, held: budget.heldBytes }));
    } catch (error) {
      const { status, body, headers } = errorReply(error);
      discardRest(request, response, limits);
      response.writeHead(status, { ...headers });
      response.end(JSON.stringify(body));
    }
  }, limits);
  const { port } = await onePort.listen(0, HOST);
  return { port, budget, [Symbol.asyncDispose]: () => onePort.drain(AbortSignal.abort()) };
}

interface Answer {
  readonly status: number;
  readonly body: { readonly length?: number; readonly code?: string; readonly message?: string };
}

async function post(
  port: number,
  chunks: Iterable<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const request = httpRequest({ host: HOST, port, method: 'POST', headers, agent: false });
  // A refused peer may be cut off while it still sends.
  request.on('error', () => {});
  const answered = once(request, 'response');
  for (const chunk of chunks) {
    if (request.destroyed) break;
    const written = new Promise((resolve) => request.write(chunk, resolve));
    if (await Promise.race([written.then(() => false), answered.then(() => true)])) break;
  }
  request.end();
  const [response] = await answered;
  return { status: response.statusCode, body: (await json(response)) as Answer['body'] };
}

function* repeated(chunk: Uint8Array, times: number): Generator<Uint8Array> {
  for (let time = 0; time < times; time++) yield chunk;
}

const MIB = new Uint8Array(1024 * 1024);

test('a body is read plain, as gzip and as zstd', async () => {
  await using server = await openReader(createLimits());
  const bytes = new Uint8Array(300_000);
  for (const [body, headers] of [
    [bytes, {}],
    [gzipSync(bytes), { 'content-encoding': 'gzip' }],
    [zstdCompressSync(bytes), { 'content-encoding': 'zstd' }],
    [bytes, { 'content-encoding': 'identity' }],
  ] as const) {
    assert.equal((await post(server.port, [body], headers)).body.length, bytes.length);
  }
  assert.equal(server.budget.heldBytes, 0);
});

test('a body declared beyond the bound is refused before it comes', async () => {
  const limits = createLimits({ body_bytes: 1_000, discard_timeout: 50 });
  await using server = await openReader(limits);
  const answer = await post(server.port, [new Uint8Array(10)], { 'content-length': '1000000000' });
  assert.equal(answer.status, 413);
  assert.match(answer.body.message ?? '', /at most 1000 bytes, got 1000000000/);
});

test('a body streamed beyond the bound is refused at the bound, over both versions', async () => {
  const limits = createLimits({ body_bytes: 100_000, discard_timeout: 200 });
  await using server = await openReader(limits);
  assert.equal((await post(server.port, repeated(MIB, 64))).status, 413);
  const session = connectHttp2(`http://${HOST}:${server.port}`);
  const stream = session.request({ ':method': 'POST', ':path': '/' });
  stream.on('error', () => {});
  stream.write(MIB);
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 413);
  session.destroy();
  assert.equal(server.budget.heldBytes, 0);
});

test('a bomb is refused at the bound of what it unpacks to', async () => {
  const limits = createLimits({ decoded_body_bytes: 2 * MIB.length });
  await using server = await openReader(limits);
  const bytes = Buffer.alloc(64 * MIB.length);
  for (const [bomb, encoding] of [
    [gzipSync(bytes), 'gzip'],
    [zstdCompressSync(bytes), 'zstd'],
  ] as const) {
    const answer = await post(server.port, [bomb], { 'content-encoding': encoding });
    assert.equal(answer.status, 413, encoding);
    assert.match(answer.body.message ?? '', /at most 2097152 bytes of decoded body/);
  }
  assert.equal(server.budget.heldBytes, 0);
  assert.equal((await post(server.port, [MIB])).body.length, MIB.length);
});

test('bytes that do not decode, and encodings nobody knows, are refused', async () => {
  await using server = await openReader(createLimits());
  const gzip = { 'content-encoding': 'gzip' };
  const garbage = await post(server.port, [Buffer.from('not gzip at all')], gzip);
  assert.deepEqual([garbage.status, garbage.body.code], [400, 'invalid_argument']);
  const cut = await post(server.port, [gzipSync(MIB).subarray(0, 500)], gzip);
  assert.deepEqual([cut.status, cut.body.code], [400, 'invalid_argument']);
  const unknown = await post(server.port, [MIB], { 'content-encoding': 'lzma' });
  assert.deepEqual([unknown.status, unknown.body.code], [415, 'unimplemented']);
});

test('requests beyond the common budget are told to come again', async () => {
  const limits = createLimits({ ingest_in_flight_bytes: 1_000 });
  await using server = await openReader(limits);
  const answer = await post(server.port, [new Uint8Array(2_000)]);
  assert.deepEqual([answer.status, answer.body.code], [429, 'resource_exhausted']);
  assert.equal((await post(server.port, [new Uint8Array(900)])).body.length, 900);
});
