import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { fromBinary } from '@bufbuild/protobuf';
import { createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import * as grpc from '@grpc/grpc-js';
import {
  AgentService,
  createEagleClient,
  decodeFlameTree,
  ExportProfilesServiceResponseSchema,
  IDEMPOTENCY_KEY,
  isEnded,
  ProfilesService,
  ROUTES,
} from '@kube-eagle/api';
import {
  CPU,
  createProfileBuilder,
  type Labels,
  labelsOf,
  NONE,
  type Profile,
  profileTypeId,
  type StackId,
  writeOtlp,
} from '@kube-eagle/profile';
import { draw } from '@kube-eagle/profile/testing';
import { openTestServer, type TestServer } from './testing.ts';

const NODE_A = labelsOf([
  ['node', 'a'],
  ['service_name', 'web'],
]);

/** A window of `a;b 5`-like lines that began `ageMs` ago. */
function windowOf(lines: readonly string[], labels: Labels = NODE_A, ageMs = 10_000): Profile {
  const builder = createProfileBuilder();
  const series = builder.series(labels, CPU);
  const timeMs = Math.floor((Date.now() - ageMs) / 1_000) * 1_000;
  for (const line of lines) {
    const [path = '', value] = line.split(' ');
    let stack: StackId | typeof NONE = NONE;
    for (const name of path.split(';')) {
      stack = builder.stack(stack, builder.frame({ function: builder.function(name) }));
    }
    builder.sample({ timeMs, series, stack, value: Number(value) });
  }
  builder.quality({ timeMs, series, taken: 3, lost: 1, truncated: 0, unsymbolized: 0, guessed: 0 });
  return builder.finish(timeMs, 1e10);
}

function send(
  { url }: TestServer,
  body: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}${ROUTES.otlp}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
}

const lastHour = () => ({
  profileType: profileTypeId(CPU),
  selector: '',
  fromMs: Date.now() - 3_600_000,
  toMs: Date.now() + 60_000,
});

const TRANSPORTS: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  'Connect, JSON over HTTP/1.1': (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false }),
  'Connect, protobuf over HTTP/1.1': (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: '1.1' }),
  'Connect, protobuf over HTTP/2': (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: '2' }),
  'Connect by GET': (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: '1.1', useHttpGet: true }),
  'gRPC-web over HTTP/1.1': (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
};

for (const [name, transport] of Object.entries(TRANSPORTS)) {
  test(`what is sent as OTLP is found by ${name}`, async () => {
    await using server = await openTestServer();
    const response = await send(server, writeOtlp(windowOf(['main;work 5', 'main;rest 2'])));
    assert.equal(response.status, 200);
    const { query, status } = createEagleClient(transport(server.url));
    const selection = lastHour();
    const { profileTypes } = await query.profileTypes(selection);
    assert.deepEqual(profileTypes, [selection.profileType]);
    const { labels } = await query.labels(selection);
    assert.deepEqual(
      labels.map((label) => [label.name, ...label.values]),
      [
        ['node', 'a'],
        ['service_name', 'web'],
      ],
    );
    const flame = await query.flameTree({ selection });
    assert.deepEqual(draw(decodeFlameTree(flame)), ['main 7', '  rest 2', '  work 5']);
    assert.deepEqual(
      [flame.unit, flame.quality?.taken, flame.quality?.lost],
      ['nanoseconds', 3, 1],
    );
    const top = await query.top({ selection, limit: 1 });
    assert.deepEqual([top.functions[0]?.name, top.total, top.leftOut], ['work', 7, 2]);
    const { series } = await query.timeline({ selection, groupBy: ['service_name'] });
    assert.deepEqual(
      series.map(({ values }) => values.reduce((sum, value) => sum + value)),
      [7],
    );
    assert.equal((await status.status({})).store?.rows, 2);
  });
}

test('profiles come compressed, as JSON, and once however often they are sent', async () => {
  await using server = await openTestServer();
  const bytes = writeOtlp(windowOf(['main 5']));
  const id = { [IDEMPOTENCY_KEY]: 'batch-1' };
  for (const [body, headers] of [
    [gzipSync(bytes), { 'content-encoding': 'gzip', ...id }],
    [zstdCompressSync(bytes), { 'content-encoding': 'zstd', ...id }],
    [bytes, { 'content-type': 'application/protobuf', ...id }],
  ] as const) {
    assert.equal((await send(server, body, headers)).status, 200);
  }
  const { rows } = await server.store.status(AbortSignal.timeout(1_000));
  assert.equal(rows, 1);
});

test('rows of a wrong time are rejected by name, the others kept, in the form of the request', async () => {
  await using server = await openTestServer();
  const old = windowOf(['main 5'], NODE_A, 30 * 24 * 3_600_000);
  const binary = await send(server, writeOtlp(old));
  assert.equal(binary.headers.get('content-type'), 'application/x-protobuf');
  const bytes = new Uint8Array(await binary.arrayBuffer());
  const { partialSuccess } = fromBinary(ExportProfilesServiceResponseSchema, bytes);
  assert.equal(partialSuccess?.rejectedProfiles, 1n);
  assert.match(partialSuccess?.errorMessage ?? '', /rejected 1 rows before/);
  const json = await send(server, '{"resourceProfiles":[]}', {
    'content-type': 'application/json; charset=utf-8',
  });
  assert.equal(json.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.deepEqual(await json.json(), {});
});

test('OTLP over gRPC is stored as over HTTP', async () => {
  await using server = await openTestServer();
  const client = new grpc.Client(
    server.url.replace('http://', ''),
    grpc.credentials.createInsecure(),
  );
  const path = `/${ProfilesService.typeName}/Export`;
  const call = (bytes: Uint8Array, options: grpc.CallOptions = {}): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      const asIs = (value: Uint8Array): Buffer => Buffer.from(value);
      const done = (error: Error | null, answer?: Uint8Array): void =>
        error ? reject(error) : resolve(answer ?? new Uint8Array());
      const metadata = new grpc.Metadata();
      metadata.set(IDEMPOTENCY_KEY, 'grpc-batch');
      metadata.set('grpc-internal-encoding-request', 'gzip');
      client.makeUnaryRequest(path, asIs, asIs, bytes, metadata, options, done);
    });
  const bytes = writeOtlp(windowOf(['main 5']));
  assert.equal((await call(bytes)).length, 0);
  assert.equal((await call(bytes)).length, 0);
  assert.equal((await server.store.status(AbortSignal.timeout(1_000))).rows, 1);
  await assert.rejects(call(Uint8Array.of(0xff, 0xff)), /INVALID_ARGUMENT: expected opentelemetry/);
  client.close();
});

test('an export is a file in each format', async () => {
  await using server = await openTestServer();
  await send(server, writeOtlp(windowOf(['main;work 5', 'main;rest 2'])));
  const get = (format: string) =>
    fetch(`${server.url}${ROUTES.export}?format=${format}&to=now%2B1m`);
  const folded = await get('folded');
  assert.equal(
    folded.headers.get('content-disposition'),
    'attachment; filename="kube-eagle-cpu.folded.txt"',
  );
  const lines = (await folded.text()).trim().split('\n');
  assert.deepEqual(
    lines.toSorted((a, b) => (a < b ? -1 : 1)),
    ['main;rest 2', 'main;work 5'],
  );
  const speedscope = await (await get('speedscope')).json();
  assert.ok(JSON.stringify(speedscope).includes('"work"'));
  const pprof = new Uint8Array(await (await get('pprof')).arrayBuffer());
  assert.deepEqual([pprof[0], pprof[1]], [0x1f, 0x8b]);
});

test('an agent is given a task over its stream, and the task ends with its report', async () => {
  await using server = await openTestServer();
  const agents = createClient(
    AgentService,
    createConnectTransport({ baseUrl: server.url, httpVersion: '2' }),
  );
  const { tasks, status } = createEagleClient(
    createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' }),
  );
  const leaving = new AbortController();
  const agent = { id: 'machine-1', node: 'a', findings: [{ name: 'btf', ok: true }] };
  const connected = Promise.withResolvers<void>();
  const working = (async () => {
    for await (const { kind } of agents.work({ agent }, { signal: leaving.signal })) {
      if (kind.case === 'heartbeat') connected.resolve();
      if (kind.case !== 'start') continue;
      const { taskId } = kind.value;
      const labels = labelsOf([
        ['node', 'a'],
        ['task_id', taskId],
      ]);
      await send(server, writeOtlp(windowOf(['main 5'], labels, 0)));
      const outcome = { state: 'done', samples: 5 };
      await agents.report({ agentId: agent.id, taskId, outcome });
    }
  })();
  await connected.promise;
  const spec = { targets: ['host'], durationMs: 1_000, rateHz: 99 };
  const { id, selector } = await tasks.createTask({ spec });
  let last = '';
  for await (const task of tasks.watchTask({ id })) last = task.state;
  assert.equal(last, 'done');
  const { query } = createEagleClient(
    createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' }),
  );
  assert.equal((await query.top({ selection: lastHour() })).total, 0);
  assert.equal((await query.top({ selection: { ...lastHour(), selector } })).total, 5);
  const [known] = (await status.agents({})).agents;
  assert.deepEqual([known?.connected, known?.agent?.findings[0]?.name], [true, 'btf']);
  assert.ok((known?.lastWindowMs ?? 0) > 0);
  const listed = await tasks.listTasks({});
  assert.ok(listed.tasks.every(({ state }) => isEnded(state)));
  leaving.abort();
  await assert.rejects(working);
});

test('draining ends the streams of agents and of watchers', async () => {
  const server = await openTestServer();
  const transport = createConnectTransport({ baseUrl: server.url, httpVersion: '2' });
  const agents = createClient(AgentService, transport);
  const { tasks } = createEagleClient(transport);
  const work = agents.work({ agent: { id: 'x', node: 'a' } })[Symbol.asyncIterator]();
  const first = [await work.next(), await work.next()].map(({ value }) => value?.kind.case);
  assert.deepEqual(first, ['heartbeat', 'inventoryWanted']);
  const { id } = await tasks.createTask({
    spec: { targets: ['host'], durationMs: 9_000, rateHz: 1 },
  });
  const watch = tasks.watchTask({ id })[Symbol.asyncIterator]();
  await watch.next();
  await work.next();
  const ends = Promise.allSettled([work.next(), watch.next()]);
  await server[Symbol.asyncDispose]();
  const [worked, watched] = await ends;
  assert.equal(worked?.status === 'fulfilled' && worked.value.done, true);
  assert.match(watched?.status === 'rejected' ? String(watched.reason) : '', /unavailable/);
});

test('probes and metrics tell how the server is', async () => {
  await using server = await openTestServer();
  await send(server, writeOtlp(windowOf(['main 5'])));
  const get = async (path: string) => await fetch(`${server.url}${path}`);
  assert.equal(await (await get(ROUTES.healthz)).text(), 'ok\n');
  assert.equal(await (await get(ROUTES.readyz)).text(), 'ready\n');
  const metrics = await (await get(ROUTES.metrics)).text();
  assert.match(metrics, /^kube_eagle_ingest_rows_total\{outcome="stored"\} 1$/m);
  assert.match(metrics, /^kube_eagle_limit_hits_total\{limit="body_bytes"\} 0$/m);
  assert.match(metrics, /^kube_eagle_http_requests_total\{route="\/healthz",status="200"\} 1$/m);
});

test('without the token only probes are answered, by every protocol', async () => {
  const token = 'a-token-of-some-length';
  await using server = await openTestServer({
    guard: { loopback: true, token },
    limits: { discard_timeout: 50 },
  });
  assert.equal((await fetch(`${server.url}${ROUTES.healthz}`)).status, 200);
  const refused = await send(server, new Uint8Array());
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get('www-authenticate'), 'Bearer');
  for (const transport of Object.values(TRANSPORTS)) {
    const { status } = createEagleClient(transport(server.url));
    await assert.rejects(status.status({}), /unauthenticated/);
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await status.status({}, { headers })).version, 'test');
  }
});

test('the page is served with headers that keep others out of it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kube-eagle-page-'));
  const page = `<!doctype html><title>kube-eagle</title>${' '.repeat(5_000)}`;
  writeFileSync(join(directory, 'index.html'), page);
  try {
    await using server = await openTestServer({ webDirectory: directory });
    const response = await fetch(`${server.url}/`);
    assert.equal(await response.text(), page);
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'self'/);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.ok(response.headers.has('content-encoding'));
    const missing = await fetch(`${server.url}/api/none`);
    assert.deepEqual(
      [missing.status, await missing.json()],
      [404, { code: 'not_found', message: 'nothing is at GET /api/none' }],
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
