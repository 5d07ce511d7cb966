import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { json } from 'node:stream/consumers';
import test from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { IDEMPOTENCY_KEY, QueryService, ROUTES } from '@kube-eagle/api';
import { openTestServer } from '../../packages/server/src/testing.ts';
import { assertWorks, goodBatch, JSON_TYPE, PROTOBUF, SELECTION } from './good-requests.ts';

/**
 * What the server is sent that it cannot take: each gets an answer with a code and a sentence, and
 * the next good request works.
 */
const MIB = 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string | undefined;
}

interface Case {
  readonly name: string;
  readonly send: (port: number) => Promise<Answer>;
  readonly status: number;
  readonly code: string;
  /** What the sentence must say. */
  readonly says: RegExp;
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Iterable<Uint8Array | string>;
}

/** Sends a request as it is told to, right or wrong, and reads the answer. */
async function send(
  port: number,
  { method = 'POST', path = '/', headers, body }: Sent,
): Promise<Answer> {
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
  // A refused peer may be cut off while it still sends.
  request.on('error', () => {});
  const answered = once(request, 'response');
  for (const chunk of body ?? []) {
    const written = new Promise((resolve) => request.write(chunk, resolve));
    if (await Promise.race([written.then(() => false), answered.then(() => true)])) break;
  }
  request.end();
  const [response] = await answered;
  const answer = (await json(response)) as { code?: string; message?: string };
  return { status: response.statusCode, code: answer.code, message: answer.message };
}

const otlp =
  (body: Iterable<Uint8Array | string>, headers: Readonly<Record<string, string>> = {}) =>
  (port: number): Promise<Answer> =>
    send(port, { path: ROUTES.otlp, headers: { ...PROTOBUF, ...headers }, body });

const call =
  (method: string, message: unknown, service = QueryService.typeName) =>
  (port: number): Promise<Answer> =>
    send(port, {
      path: `/${service}/${method}`,
      headers: JSON_TYPE,
      body: [typeof message === 'string' ? message : JSON.stringify(message)],
    });

const get =
  (path: string, headers: Readonly<Record<string, string>> = {}) =>
  (port: number): Promise<Answer> =>
    send(port, { method: 'GET', path, headers });

function* gigabyte(): Generator<Uint8Array> {
  const chunk = new Uint8Array(MIB);
  for (let count = 0; count < 1_024; count++) yield chunk;
}

const flame = (change: object, more: object = {}) =>
  call('FlameTree', { selection: { ...SELECTION, ...change }, ...more });
const createTask = (spec: object) =>
  call(
    'CreateTask',
    { spec: { targets: ['host'], durationMs: 1_000, rateHz: 99, ...spec } },
    'kubeeagle.v1.TaskService',
  );

const refused = { status: 400, code: 'invalid_argument' } as const;
const tooLarge = { status: 413, code: 'resource_exhausted' } as const;

const CASES: readonly Case[] = [
  { name: 'OTLP: garbage', send: otlp(['garbage']), ...refused, says: /no profile was understood/ },
  {
    name: 'OTLP: truncated',
    send: otlp([goodBatch().subarray(0, 20)]),
    ...refused,
    says: /understood/,
  },
  {
    name: 'OTLP: declared 1 GB',
    send: otlp(['x'], { 'content-length': '1073741824' }),
    ...tooLarge,
    says: /got 1073741824/,
  },
  { name: 'OTLP: streamed 1 GB', send: otlp(gigabyte()), ...tooLarge, says: /at most \d+ bytes/ },
  {
    name: 'OTLP: gzip bomb',
    send: otlp([gzipSync(new Uint8Array(32 * MIB))], { 'content-encoding': 'gzip' }),
    ...tooLarge,
    says: /decoded body/,
  },
  {
    name: 'OTLP: zstd bomb',
    send: otlp([zstdCompressSync(new Uint8Array(32 * MIB))], { 'content-encoding': 'zstd' }),
    ...tooLarge,
    says: /decoded body/,
  },
  {
    name: 'OTLP: not the encoding it says',
    send: otlp([goodBatch()], { 'content-encoding': 'gzip' }),
    ...refused,
    says: /content-encoding/,
  },
  {
    name: 'OTLP: truncated gzip',
    send: otlp([gzipSync(goodBatch()).subarray(0, 30)], { 'content-encoding': 'gzip' }),
    ...refused,
    says: /content-encoding/,
  },
  {
    name: 'OTLP: unknown encoding',
    send: otlp(['x'], { 'content-encoding': 'lzma' }),
    status: 415,
    code: 'unimplemented',
    says: /gzip, zstd or none/,
  },
  {
    name: 'OTLP: wrong content type',
    send: otlp(['x'], { 'content-type': 'text/plain' }),
    status: 415,
    code: 'invalid_argument',
    says: /application\/x-protobuf/,
  },
  {
    name: 'OTLP: JSON that is none',
    send: otlp(['{"resourceProfiles":['], JSON_TYPE),
    ...refused,
    says: /understood/,
  },
  {
    name: 'OTLP: JSON that is a list',
    send: otlp(['[1,2,3]'], JSON_TYPE),
    ...refused,
    says: /understood/,
  },
  {
    name: 'OTLP: wrong id',
    send: otlp([goodBatch()], { [IDEMPOTENCY_KEY]: 'two words' }),
    ...refused,
    says: /printable/,
  },
  {
    name: 'OTLP: id too long',
    send: otlp([goodBatch()], { [IDEMPOTENCY_KEY]: 'x'.repeat(129) }),
    ...refused,
    says: /got 129/,
  },
  { name: 'OTLP: GET', send: get(ROUTES.otlp), status: 404, code: 'not_found', says: /GET/ },
  {
    name: 'query: truncated JSON',
    send: call('FlameTree', '{"selection":{'),
    ...refused,
    says: /./,
  },
  { name: 'query: unknown field', send: flame({}, { maxNode: 5 }), ...refused, says: /maxNode/ },
  {
    name: 'query: wrong type of a field',
    send: flame({ fromMs: 'yesterday' }),
    ...refused,
    says: /from_ms/,
  },
  { name: 'query: nothing selected', send: call('FlameTree', {}), ...refused, says: /selection/ },
  {
    name: 'query: ends before it begins',
    send: flame({ toMs: 1 }),
    ...refused,
    says: /from_ms before to_ms/,
  },
  {
    name: 'query: no time',
    send: flame({ fromMs: 'NaN' }),
    ...refused,
    says: /ms since the epoch/,
  },
  {
    name: 'query: unknown profile type',
    send: flame({ profileType: 'cpu' }),
    ...refused,
    says: /process_cpu:cpu/,
  },
  { name: 'query: wrong selector', send: flame({ selector: '{pod=' }), ...refused, says: /./ },
  {
    name: 'query: wrong regular expression',
    send: flame({ selector: '{pod=~"("}' }),
    ...refused,
    says: /regular expression/,
  },
  {
    name: 'query: expression that backtracks',
    send: flame({ selector: '{pod=~"(a)\\\\1"}' }),
    ...refused,
    says: /back references/,
  },
  {
    name: 'query: too many nodes',
    send: flame({}, { maxNodes: 2_000_000 }),
    ...refused,
    says: /1048576/,
  },
  {
    name: 'query: no such path',
    send: flame({}, { path: ['nobody'] }),
    status: 404,
    code: 'not_found',
    says: /nobody/,
  },
  {
    name: 'query: too many functions',
    send: call('Top', { selection: SELECTION, limit: 1_000_000 }),
    ...refused,
    says: /10000/,
  },
  {
    name: 'query: buckets too narrow',
    send: call('Timeline', { selection: SELECTION, stepMs: 1 }),
    ...refused,
    says: /step_ms/,
  },
  {
    name: 'query: message of 5 MB',
    send: flame({ selector: 'x'.repeat(5 * MIB) }),
    status: 429,
    code: 'resource_exhausted',
    says: /./,
  },
  {
    name: 'query: unknown method',
    send: call('Nothing', {}),
    status: 404,
    code: 'not_found',
    says: /Nothing/,
  },
  {
    name: 'export: unknown format',
    send: get('/export?format=svg'),
    ...refused,
    says: /folded, speedscope, pprof/,
  },
  { name: 'export: wrong time', send: get('/export?from=yesterday'), ...refused, says: /now-1h/ },
  {
    name: 'export: two formats',
    send: get('/export?format=pprof&format=folded'),
    ...refused,
    says: /one format/,
  },
  { name: 'task: no target', send: createTask({ targets: [] }), ...refused, says: /targets/ },
  {
    name: 'task: unknown target',
    send: createTask({ targets: ['gizmo/web'] }),
    ...refused,
    says: /pid\/1234/,
  },
  {
    name: 'task: no duration',
    send: createTask({ durationMs: 0 }),
    ...refused,
    says: /duration_ms/,
  },
  {
    name: 'task: rate of 100,000',
    send: createTask({ rateHz: 100_000 }),
    ...refused,
    says: /rate_hz/,
  },
  {
    name: 'task: no agent',
    send: createTask({}),
    status: 400,
    code: 'failed_precondition',
    says: /eagle agents/,
  },
  {
    name: 'task: wrong id',
    send: call('GetTask', { id: 'x' }, 'kubeeagle.v1.TaskService'),
    status: 404,
    code: 'not_found',
    says: /eagle tasks/,
  },
  {
    name: 'agent: report of a stranger',
    send: call('Report', { agentId: 'x' }, 'kubeeagle.v1.AgentService'),
    status: 404,
    code: 'not_found',
    says: /Work/,
  },
  {
    name: 'HTTP: unknown route',
    send: get('/api/v9/none'),
    status: 404,
    code: 'not_found',
    says: /none/,
  },
  {
    name: 'HTTP: name of another host',
    send: get(ROUTES.metrics, { host: 'evil.example' }),
    status: 403,
    code: 'permission_denied',
    says: /evil\.example/,
  },
  {
    name: 'HTTP: page of another origin',
    send: otlp([goodBatch()], { origin: 'http://evil.example' }),
    status: 403,
    code: 'permission_denied',
    says: /evil\.example/,
  },
];

test('what the server cannot take gets a code and a sentence, and the next request works', async (t) => {
  await using server = await openTestServer({
    limits: { body_bytes: 8 * MIB, decoded_body_bytes: 16 * MIB, discard_timeout: 2_000 },
  });
  const port = Number(new URL(server.url).port);
  for (const { name, send: sendCase, status, code, says } of CASES) {
    await t.test(name, async () => {
      const answer = await sendCase(port);
      assert.deepEqual([answer.status, answer.code], [status, code], answer.message);
      assert.match(answer.message ?? '', says);
      await assertWorks(port);
    });
  }
});
