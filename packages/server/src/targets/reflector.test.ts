import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createManualClock } from '../clock.ts';
import { REAL_CLOCK } from '../testing.ts';
import { createObjectReader, type ObjectName } from './cluster-objects.ts';
import { type Fault, openFaultyProxy } from './faulty-proxy.ts';
import { openKubeHttp } from './kube-http.ts';
import { createTokenSource } from './kube-token.ts';
import type { Resource } from './list-watch.ts';
import { createMemoryKubeApi, type MemoryKubeApi } from './memory-kube-api.ts';
import { createObjectTable } from './object-table.ts';
import { type RestartCause, startReflector } from './reflector.ts';

const PATH = '/api/v1/pods';
const POD = { metadata: { namespace: 'shop', name: '' } };

const PODS: Resource<ObjectName> = {
  name: 'pods',
  path: PATH,
  metadataOnly: false,
  read: createObjectReader().pod,
};

const named = (name: string) => ({ metadata: { ...POD.metadata, name } });

interface Options {
  readonly proxied?: boolean;
  readonly silenceMs?: number;
}

/** A reflector over an API in memory, behind a proxy that misbehaves. */
async function reflected(
  t: TestContext,
  api: MemoryKubeApi = createMemoryKubeApi(),
  { silenceMs = 10_000 }: Options = {},
) {
  const proxy = await openFaultyProxy(api);
  const http = openKubeHttp(
    { server: new URL(proxy.url), tls: {}, credentials: { kind: 'none' } },
    createTokenSource({ kind: 'none' }, { nowMs: Date.now, env: {} }),
  );
  const ending = new AbortController();
  const refused = { count: 0 };
  const table = createObjectTable<ObjectName>({ limit: 10_000, refused: () => refused.count++ });
  const restarts: RestartCause[] = [];
  const start = () =>
    startReflector(
      PODS,
      table,
      {
        api: http,
        clock: REAL_CLOCK,
        backoff: { random: Math.random, firstMs: 2, lastMs: 20 },
        silenceMs,
        asked: () => {},
        restarted: (why) => restarts.push(why),
      },
      ending.signal,
    );
  let ended: Promise<void> | undefined;
  t.after(async () => {
    ending.abort();
    await ended;
    http[Symbol.dispose]();
    await proxy[Symbol.asyncDispose]();
  });
  return {
    api,
    proxy,
    table,
    restarts,
    start() {
      const reflector = start();
      ended = reflector.ended;
      return reflector;
    },
    /** Resolves when the mirror has these names and no others; the test's own time limit ends it. */
    async has(...names: readonly string[]): Promise<void> {
      const hasAll = (): boolean =>
        table.size === names.length && names.every((name) => table.get('shop', name));
      while (!hasAll()) await sleep(5);
    },
  };
}

test('a reflector lists in pages, then follows what happens', { timeout: 20_000 }, async (t) => {
  const api = createMemoryKubeApi();
  for (let at = 0; at < 1_201; at++) api.put(PATH, named(`p${at}`));
  const { start, has, table } = await reflected(t, api);
  await start().settled;
  assert.equal(table.size, 1_201);
  assert.equal(api.requests.filter((path) => !path.includes('watch')).length, 3);
  for (let at = 0; at < 1_200; at++) api.remove(PATH, `p${at}`, 'shop');
  api.put(PATH, named('new'));
  await has('new', 'p1200');
});

const WATCH_FAULTS: Readonly<Record<string, { fault: Fault; why: RestartCause }>> = {
  'a 410': { fault: { kind: 'status', status: 410 }, why: 'expired' },
  'a 410 as an event': { fault: { kind: 'expired_event' }, why: 'expired' },
  'a 429': { fault: { kind: 'status', status: 429, retryAfterS: 0 }, why: 'refused' },
  'a 500': { fault: { kind: 'status', status: 500 }, why: 'refused' },
  'a 401': { fault: { kind: 'status', status: 401 }, why: 'refused' },
  'a reset at once': { fault: { kind: 'reset', afterBytes: 0 }, why: 'broken' },
  'a reset within a line': { fault: { kind: 'reset', afterBytes: 20 }, why: 'broken' },
  'a half-open connection': { fault: { kind: 'silence', afterBytes: 0 }, why: 'silent' },
  'a silence within a line': { fault: { kind: 'silence', afterBytes: 20 }, why: 'silent' },
  'a clean end at once': { fault: { kind: 'end', afterBytes: 0 }, why: 'ended' },
  'an end within a line': { fault: { kind: 'end', afterBytes: 20 }, why: 'broken' },
  'a page of HTML': { fault: { kind: 'garbage' }, why: 'broken' },
};

for (const [name, { fault, why }] of Object.entries(WATCH_FAULTS)) {
  test(`a watch survives ${name}, three times over`, { timeout: 20_000 }, async (t) => {
    const { api, proxy, start, has, restarts } = await reflected(t, undefined, { silenceMs: 400 });
    api.put(PATH, named('old'));
    proxy.break('watch', fault, fault, fault);
    start();
    await has('old');
    api.put(PATH, named('late'));
    api.remove(PATH, 'old', 'shop');
    while (proxy.left > 0) await sleep(5);
    await has('late');
    api.put(PATH, named('later'));
    await has('late', 'later');
    assert.deepEqual(new Set(restarts.slice(0, 3)), new Set([why]));
  });
}

const LIST_FAULTS: Readonly<Record<string, Fault>> = {
  'a 410 between pages': { kind: 'status', status: 410 },
  'a 429': { kind: 'status', status: 429, retryAfterS: 0 },
  'a 503': { kind: 'status', status: 503 },
  'a reset within a page': { kind: 'reset', afterBytes: 1_000 },
  'a half-open connection': { kind: 'silence', afterBytes: 0 },
  'a page that ends too early': { kind: 'end', afterBytes: 1_000 },
  'a page of HTML': { kind: 'garbage' },
};

for (const [name, fault] of Object.entries(LIST_FAULTS)) {
  test(`a list survives ${name}, and is never taken in part`, { timeout: 20_000 }, async (t) => {
    const api = createMemoryKubeApi();
    for (let at = 0; at < 700; at++) api.put(PATH, named(`p${at}`));
    const { proxy, start, table } = await reflected(t, api, { silenceMs: 400 });
    proxy.break('list', { kind: 'pieces', pieceBytes: 4_096 }, fault, fault);
    start();
    while (table.size === 0) await sleep(5);
    assert.equal(proxy.left, 0);
    assert.equal(table.size, 700);
  });
}

test('lines in pieces of a few bytes are put together', { timeout: 20_000 }, async (t) => {
  const { api, proxy, start, has } = await reflected(t);
  proxy.break('watch', { kind: 'pieces', pieceBytes: 3 });
  start();
  await has();
  api.put(PATH, { metadata: { ...POD.metadata, name: 'split', labels: { note: 'é漢🦅' } } });
  await has('split');
});

test('what vanished while nobody watched is removed by the next list', {
  timeout: 20_000,
}, async (t) => {
  const { api, proxy, start, has } = await reflected(t);
  api.put(PATH, named('a'));
  api.put(PATH, named('b'));
  proxy.break('watch', { kind: 'end', afterBytes: 0 });
  start();
  await has('a', 'b');
  api.remove(PATH, 'a', 'shop');
  api.put(PATH, named('c'));
  api.compact();
  api.endWatches();
  await has('b', 'c');
});

/** A reflector over an API in memory with a clock that is moved by hand. */
function stepped(t: TestContext) {
  const api = createMemoryKubeApi();
  const clock = createManualClock(0);
  const ending = new AbortController();
  const table = createObjectTable<ObjectName>({ limit: 10, refused: () => {} });
  const reflector = startReflector(
    PODS,
    table,
    {
      api,
      clock,
      backoff: { random: () => 1 },
      silenceMs: 90_000,
      asked: () => {},
      restarted: () => {},
    },
    ending.signal,
  );
  t.after(async () => {
    ending.abort();
    await reflector.ended;
  });
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    api,
    table,
    reflector,
    settled,
    watches: () => api.requests.filter((path) => path.includes('watch=true')).length,
    async advance(ms: number): Promise<void> {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.advance(100);
        await settled();
      }
    },
  };
}

test('watches that end at once are begun ever less often', async (t) => {
  const { api, advance, settled, watches } = stepped(t);
  await settled();
  for (let second = 0; second < 120; second++) {
    api.endWatches();
    await advance(1_000);
  }
  // 0.8, 1.6, 3.2, 6.4, 12.8, 25.6 and 30 s apart.
  assert.ok(watches() >= 6 && watches() <= 10, `${watches()} watches in 120 s`);
});

test('a watch that gave something is begun again soon, and where it was', async (t) => {
  const { api, advance, settled, watches, table } = stepped(t);
  await settled();
  for (let minute = 0; minute < 5; minute++) {
    await advance(60_000);
    api.bookmark();
    await settled();
  }
  assert.equal(watches(), 1);
  api.endWatches();
  api.put(PATH, named('meanwhile'));
  await advance(1_000);
  assert.equal(watches(), 2);
  assert.equal(table.size, 1);
  assert.equal(api.requests.filter((path) => !path.includes('watch')).length, 1);
});

test('a watch without bookmarks is given up after a silence', async (t) => {
  const { advance, settled, watches, reflector } = stepped(t);
  await settled();
  await advance(80_000);
  assert.equal(watches(), 1);
  await advance(30_000);
  assert.equal(watches(), 2);
  assert.equal(reflector.state.restarts, 1);
  assert.match(reflector.state.problem, /nothing came for 90 s/);
});
