import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { LIMITS } from '../limits.ts';
import { createSilentTelemetry, type Telemetry } from '../telemetry.ts';
import { createDeliver } from './deliver.ts';
import { openOutbox } from './outbox.ts';
import { createPoster } from './post.ts';
import { createSender, type Sender } from './sender.ts';

interface Seen {
  readonly text: string;
  readonly id: string;
  readonly encoding: string;
}

/** How the server answers the n-th request. */
type Answer = (response: ServerResponse, seen: Seen, request: IncomingMessage) => void;

interface Setting {
  readonly sender: Sender;
  readonly telemetry: Telemetry;
  readonly seen: Seen[];
  readonly waiting: () => number;
}

/** A sender before a real server that answers as told, the last answer again and again. */
async function withServer(
  answers: readonly Answer[],
  work: (setting: Setting) => Promise<void>,
): Promise<void> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const encoding = String(request.headers['content-encoding']);
    const unpack = encoding === 'zstd' ? zstdDecompressSync : gunzipSync;
    const id = String(request.headers['idempotency-key']);
    const one = { text: unpack(Buffer.concat(chunks)).toString(), id, encoding };
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push(one);
    answer?.(response, one, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const directory = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  const telemetry = createSilentTelemetry();
  const limits = {
    ...LIMITS,
    requestTimeoutMs: 300,
    retryMs: 100,
    urgentRetryMs: 50,
    refusedRetryMs: 50,
  };
  const outbox = await openOutbox({
    directory,
    maxBytes: 1e6,
    maxBatches: 100,
    maxMemoryBytes: 1e6,
    nowMs: Date.now,
    events: { dropped() {}, garbage() {}, inMemory() {} },
  });
  using poster = createPoster({
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    timeoutMs: limits.requestTimeoutMs,
    answerBytes: 1_000,
  });
  const deliver = createDeliver({ poster, token: undefined, nowMs: Date.now, maxWaitMs: 100 });
  const sender = createSender({ outbox, deliver, limits, telemetry, random: () => 0.5 });
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  try {
    await work({ sender, telemetry, seen, waiting: () => outbox.entries().length });
  } finally {
    stop.abort();
    await running;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true });
  }
}

const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) => {
    response.writeHead(code, headers).end(body);
  };

const ok = status(200);
const body = (text: string): Uint8Array => zstdCompressSync(Buffer.from(text));
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

test('a batch goes out once and is gone from the outbox when the server has it', () =>
  withServer([ok], async ({ sender, telemetry, seen, waiting }) => {
    await sender.send(body('one'));
    await sender.flush(soon());
    assert.deepEqual(
      seen.map(({ text, encoding }) => `${text} ${encoding}`),
      ['one zstd'],
    );
    assert.equal(waiting(), 0);
    assert.equal(telemetry.counters().batches_sent, 1);
  }));

const RETRIED: Readonly<Record<string, Answer>> = {
  '503': status(503),
  '429 with Retry-After': status(429, { 'retry-after': '0' }, '{"message":"slow down"}'),
  '502 of a proxy': status(502, {}, '<html>bad gateway</html>'),
  'a reset': (_response, _seen, request) => request.socket.destroy(),
  'no answer in time': () => {},
  'an answer cut in the middle': (response, _seen, request) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('x');
    setTimeout(() => request.socket.destroy(), 20);
  },
  '401': status(401),
};

for (const [name, answer] of Object.entries(RETRIED)) {
  test(`after ${name} the same batch is sent again under the same id`, () =>
    withServer([answer, ok], async ({ sender, telemetry, seen }) => {
      await sender.send(body('one'));
      await sender.flush(soon());
      assert.deepEqual(
        seen.map(({ text }) => text),
        ['one', 'one'],
      );
      assert.equal(seen[0]?.id, seen[1]?.id);
      assert.equal(telemetry.counters().batches_retried, 1);
    }));
}

for (const code of [400, 413, 422]) {
  test(`a batch that the server refuses with ${code} is dropped, and the next one goes out`, () =>
    withServer([status(code, {}, '{"message":"no"}'), ok], async ({ sender, telemetry, seen }) => {
      await sender.send(body('poison'));
      await sender.flush(soon());
      await sender.send(body('good'));
      await sender.flush(soon());
      assert.deepEqual(
        seen.map(({ text }) => text),
        ['poison', 'good'],
      );
      assert.equal(telemetry.counters().batches_refused, 1);
    }));
}

test('a batch that makes the server fail is dropped after some tries', () =>
  withServer([status(500)], async ({ sender, telemetry, seen }) => {
    await sender.send(body('poison'));
    await sender.flush(soon());
    assert.equal(seen.length, LIMITS.failuresOfBatch);
    assert.equal(telemetry.counters().batches_refused, 1);
  }));

test('a server without zstd gets gzip', () =>
  withServer([status(415), ok], async ({ sender, seen }) => {
    await sender.send(body('one'));
    await sender.flush(soon());
    await sender.send(body('two'));
    await sender.flush(soon());
    assert.deepEqual(
      seen.map(({ text, encoding }) => `${text} ${encoding}`),
      ['one zstd', 'one gzip', 'two gzip'],
    );
  }));

test('an urgent batch does not wait behind others, and says when the server has it', () =>
  withServer(
    [(response, { text }) => response.writeHead(text === 'urgent' ? 200 : 503).end()],
    async ({ sender, seen, waiting }) => {
      for (const text of ['a', 'b']) await sender.send(body(text));
      const { ended } = await sender.sendUrgently(body('urgent'));
      assert.deepEqual(await ended, { kind: 'sent' });
      assert.ok(seen.some(({ text }) => text === 'urgent'));
      assert.equal(waiting(), 2);
    },
  ));
