import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CPU,
  createProfileBuilder,
  type Matcher,
  matcher,
  NONE,
  type StackId,
} from '@kube-eagle/profile';
import type { Store, StoreQuery } from './profile-store.ts';
import {
  ALLOCATIONS,
  batchOf,
  drawFrame,
  drawMerge,
  drawSeries,
  drawTimeline,
} from './store-text.ts';

const never = new AbortController().signal;

const range = (fromMs: number, toMs: number, ...matchers: readonly Matcher[]): StoreQuery => ({
  fromMs,
  toMs,
  matchers,
});
const always = (...matchers: readonly Matcher[]): StoreQuery => range(0, 1e15, ...matchers);

type Cases = Readonly<Record<string, (store: Store) => Promise<void>>>;

/** What every store must do. `open` gives an empty one. */
export function testProfileStore(name: string, open: () => Promise<Store>): void {
  for (const [title, run] of Object.entries({ ...APPEND, ...QUERY, ...NAMES, ...UPKEEP })) {
    test(`${name}: ${title}`, async () => {
      await using store = await open();
      await run(store);
    });
  }
}

const APPEND: Cases = {
  async 'a batch that is sent again is not stored again'(store) {
    const batch = batchOf('1000 cpu pod=a main;work 3');
    assert.equal(await store.append('one', batch, never), 'stored');
    assert.equal(await store.append('one', batch, never), 'duplicate');
    assert.equal(await store.append('two', batch, never), 'stored');
    assert.deepEqual(drawMerge(await store.merge(always(), never)), ['cpu main;work 6']);
  },

  async 'a batch that is sent twice at once is stored once'(store) {
    const batch = batchOf('1000 cpu pod=a main 1');
    const outcomes = await Promise.all(
      ['x', 'x', 'y', 'x', 'y'].map((id) => store.append(id, batch, never)),
    );
    assert.deepEqual(outcomes, ['stored', 'duplicate', 'stored', 'duplicate', 'duplicate']);
    assert.deepEqual(drawMerge(await store.merge(always(), never)), ['cpu main 2']);
  },

  async 'batches with dictionaries of their own name the same functions'(store) {
    await store.append('one', batchOf('1 cpu pod=a main;work 1', '1 cpu pod=a main;rest 2'), never);
    await store.append('two', batchOf('2 cpu pod=b main;rest 4', '2 cpu pod=b idle 8'), never);
    const merged = await store.merge(always(), never);
    assert.deepEqual(drawMerge(merged), ['cpu idle 8', 'cpu main;rest 6', 'cpu main;work 1']);
    assert.equal(merged.functions.length, 4);
    assert.equal(merged.stacks.length, 4);
  },

  async 'an empty profile is a batch like any other'(store) {
    assert.equal(await store.append('empty', batchOf(), never), 'stored');
    assert.equal(await store.append('empty', batchOf(), never), 'duplicate');
    const merged = await store.merge(always(), never);
    assert.deepEqual([merged.series.length, merged.samples.length, merged.strings], [0, 0, ['']]);
    assert.deepEqual(await store.series(always(), never), []);
  },

  async 'a batch that is not sound is refused, and the next good one works'(store) {
    const good = batchOf('1 cpu pod=a main 1');
    const wrong = { ...good, samples: { ...good.samples, stack: Int32Array.of(7) } };
    const early = { ...good, samples: { ...good.samples, timeMs: Float64Array.of(-1e300) } };
    await assert.rejects(store.append('a', wrong, never), { code: 'invalid_argument' });
    await assert.rejects(store.append('b', early, never), { code: 'invalid_argument' });
    await assert.rejects(store.append('', good, never), { code: 'invalid_argument' });
    await assert.rejects(store.append('x'.repeat(257), good, never), { code: 'invalid_argument' });
    assert.equal(await store.append('a', good, never), 'stored');
    assert.deepEqual(drawMerge(await store.merge(always(), never)), ['cpu main 1']);
  },

  async 'an aborted signal cancels whatever is asked'(store) {
    const signal = AbortSignal.abort();
    const calls = [
      store.append('a', batchOf('1 cpu pod=a main 1'), signal),
      store.series(always(), signal),
      store.merge(always(), signal),
      store.timeline({ ...range(0, 10), stepMs: 1, groupBy: [] }, signal),
      store.status(signal),
      store.expire(1, signal),
    ];
    for (const call of await Promise.allSettled(calls)) {
      assert.equal(call.status, 'rejected');
      assert.equal((call.reason as { code?: string }).code, 'canceled');
    }
    assert.equal((await store.status(never)).rows, 0);
  },
};

const MATCHED: readonly [matchers: Matcher[], expected: string[]][] = [
  [[matcher('pod', '=', 'a')], ['cpu a 1']],
  [[matcher('pod', '!=', 'a')], ['cpu ab 2', 'cpu none 4']],
  [[matcher('pod', '=~', 'a')], ['cpu a 1']],
  [[matcher('pod', '=~', 'a.*')], ['cpu a 1', 'cpu ab 2']],
  [[matcher('pod', '!~', 'a.+')], ['cpu a 1', 'cpu none 4']],
  [[matcher('pod', '=', '')], ['cpu none 4']],
  [[matcher('pod', '!=', '')], ['cpu a 1', 'cpu ab 2']],
  [[matcher('pod', '=~', '|a')], ['cpu a 1', 'cpu none 4']],
  [[matcher('pod', '=', "a' OR 1=1 --")], []],
  [[matcher('pod', '=~', 'a.*'), matcher('node', '=', 'n')], ['cpu ab 2']],
  [[matcher('nothing', '!=', 'x')], ['cpu a 1', 'cpu ab 2', 'cpu none 4']],
];

const QUERY: Cases = {
  async 'series are found by type, labels and range'(store) {
    await store.append(
      'one',
      batchOf(
        '1000 cpu pod=a,namespace=shop main 1',
        '1000 alloc pod=a,namespace=shop main 1',
        '2000 cpu pod=b,namespace=shop main 1',
        '3000 cpu node=n quality 0 5 0 0',
      ),
      never,
    );
    assert.deepEqual(drawSeries(await store.series(always(), never)), [
      'alloc {namespace="shop", pod="a"}',
      'cpu {namespace="shop", pod="a"}',
      'cpu {namespace="shop", pod="b"}',
      'cpu {node="n"}',
    ]);
    assert.deepEqual(drawSeries(await store.series({ ...always(), type: ALLOCATIONS }, never)), [
      'alloc {namespace="shop", pod="a"}',
    ]);
    assert.deepEqual(drawSeries(await store.series(range(2000, 3000), never)), [
      'cpu {namespace="shop", pod="b"}',
    ]);
  },

  async 'matchers select series, and a missing label is an empty one'(store) {
    await store.append(
      'one',
      batchOf('1 cpu pod=a a 1', '1 cpu pod=ab,node=n ab 2', '1 cpu node=n none 4'),
      never,
    );
    for (const [matchers, expected] of MATCHED) {
      const asked = matchers.map((each) => `${each.name}${each.op}${each.value}`).join();
      const merged = await store.merge(always(...matchers), never);
      assert.deepEqual(drawMerge(merged), expected, asked);
    }
  },

  async 'a range holds its first instant and not its last'(store) {
    const lines = [1000, 1001, 1999, 2000].map((timeMs) => `${timeMs} cpu pod=a t${timeMs} 1`);
    await store.append('one', batchOf(...lines), never);
    const drawn = async (fromMs: number, toMs: number): Promise<string> =>
      drawMerge(await store.merge(range(fromMs, toMs), never)).join();
    assert.equal(await drawn(1000, 2000), 'cpu t1000 1,cpu t1001 1,cpu t1999 1');
    assert.equal(await drawn(1001, 2001), 'cpu t1001 1,cpu t1999 1,cpu t2000 1');
    assert.equal(await drawn(1000.5, 1998.5), 'cpu t1001 1');
    assert.equal(await drawn(2000, 1000), '');
    assert.equal(await drawn(-1e15, 1001), 'cpu t1000 1');
    const all = await store.merge(range(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY), never);
    assert.equal(all.samples.length, 4);
  },

  async 'merge sums by stack over series and time, one series a type'(store) {
    await store.append(
      'one',
      batchOf(
        '1000 cpu pod=a main;work 3',
        '1000 cpu pod=b main;work 4',
        '1000 cpu pod=a main 1',
        '1000 cpu pod=a - 9',
        '1000 alloc pod=a main 512',
        '1000 cpu pod=a quality 7 1 2 3 1',
        '1000 cpu pod=b quality 4 0 0 1 2',
        '9000 cpu pod=a main;late 1',
      ),
      never,
    );
    await store.append('two', batchOf('2000 cpu pod=a main;work 5', '2000 cpu pod=a - 1'), never);
    const merged = await store.merge(range(1000, 3000), never);
    assert.deepEqual(drawMerge(merged), [
      'alloc main 512',
      'cpu - 10',
      'cpu main 1',
      'cpu main;work 12',
      'cpu quality 11 1 2 4 3',
    ]);
    assert.deepEqual([merged.startMs, merged.durationNs], [1000, 2000e6]);
    assert.deepEqual(merged.series.labels, [[], []]);
    assert.equal(merged.quality.length, 2);
    assert.deepEqual(drawMerge(await store.merge({ ...always(), type: ALLOCATIONS }, never)), [
      'alloc main 512',
    ]);
  },

  async 'a merge has the period its series share, or none'(store) {
    for (const [id, period, value] of [
      ['a', 10, 30],
      ['b', 10, 15],
      ['c', 4, 8],
    ] as const) {
      const builder = createProfileBuilder();
      const series = builder.series([{ name: 'pod', value: id }], CPU, period);
      const frame = builder.frame({ function: builder.function('main') });
      builder.sample({ timeMs: 1, series, stack: builder.stack(NONE, frame), value });
      await store.append(id, builder.finish(), never);
    }
    const shared = await store.merge(always(matcher('pod', '!=', 'c')), never);
    assert.deepEqual([...shared.series.period, ...drawMerge(shared)], [10, 'cpu main 45']);
    const all = await store.merge(always(), never);
    assert.deepEqual([...all.series.period, ...drawMerge(all)], [0, 'cpu main 53']);
  },

  async 'a timeline sums by bucket and group'(store) {
    await store.append(
      'one',
      batchOf(
        '1000 cpu pod=a,node=n main 1',
        '1000 cpu pod=a,node=n work 2',
        '1999 cpu pod=a,node=n main 4',
        '3000 cpu pod=a,node=m main 8',
        '2000 cpu pod=b,node=n main 16',
        '3499 cpu node=n main 32',
        '3500 cpu node=n main 64',
      ),
      never,
    );
    const ask = async (...groupBy: readonly string[]): Promise<string[]> =>
      drawTimeline(await store.timeline({ ...range(1000, 3500), stepMs: 1000, groupBy }, never));
    assert.deepEqual(await ask('pod'), ['{} 0 0 32', '{pod="a"} 7 0 8', '{pod="b"} 0 16 0']);
    assert.deepEqual(await ask(), ['{} 7 16 40']);
    assert.deepEqual(await ask('pod', 'node'), [
      '{node="m", pod="a"} 0 0 8',
      '{node="n"} 0 0 32',
      '{node="n", pod="a"} 7 0 0',
      '{node="n", pod="b"} 0 16 0',
    ]);
    const nothing = { ...range(5000, 6000), stepMs: 10, groupBy: [] };
    assert.deepEqual(await store.timeline(nothing, never), []);
    for (const stepMs of [0, -1, Number.NaN, 1e-3]) {
      await assert.rejects(store.timeline({ ...range(0, 1e6), stepMs, groupBy: [] }, never), {
        code: 'invalid_argument',
      });
    }
  },
};

const NAMES: Cases = {
  async 'all there is to know of a frame survives'(store) {
    const builder = createProfileBuilder();
    const lib = builder.mapping('/usr/lib/libc.so.6', 'beef');
    const bare = builder.mapping('/app/ünïcode 🦅', '');
    const work = builder.function('shop::work<T>\n"quoted"', 'src/work.rs', 17);
    const other = builder.function('shop::work<T>\n"quoted"', 'src/other.rs', 17);
    const frames = [
      builder.frame({}),
      builder.frame({ mapping: lib, address: 0x7fff_ffff_f123 }),
      builder.frame({ address: 0xffff_ffff_8100_0000, kind: 'kernel' }),
      builder.frame({ function: work, mapping: bare, address: 4096, line: 21, kind: 'rust' }),
      builder.frame({ function: other, mapping: bare, address: 4096, line: 21, kind: 'rust' }),
      builder.frame({ function: work, mapping: bare, address: 4096, line: 9, inlined: true }),
      builder.frame({ function: work, kind: 'abort-marker' }),
    ];
    const series = builder.series([{ name: 'pod', value: 'größe 🦅' }], CPU);
    let stack: StackId | typeof NONE = NONE;
    for (const frame of frames) stack = builder.stack(stack, frame);
    builder.sample({ timeMs: 1, series, stack, value: 1 });
    const batch = builder.finish(1, 1e9);
    await store.append('one', batch, never);
    const query = always(matcher('pod', '=', 'größe 🦅'));
    const merged = await store.merge(query, never);
    assert.deepEqual(drawMerge(merged, drawFrame), drawMerge(batch, drawFrame));
    assert.deepEqual(drawSeries(await store.series(query, never)), ['cpu {pod="größe 🦅"}']);
  },

  async 'large and fractional values keep their sum'(store) {
    const most = Number.MAX_SAFE_INTEGER;
    await store.append(
      'one',
      batchOf(
        `1 cpu pod=a most ${most - 1}`,
        '2 cpu pod=a most 1',
        '1 cpu pod=a huge 1e300',
        '1 cpu pod=a half 0.5',
        '2 cpu pod=a half 0.25',
        '1 cpu pod=a minus -3',
        '1 cpu pod=a zero 0',
      ),
      never,
    );
    assert.deepEqual(drawMerge(await store.merge(always(), never)), [
      'cpu half 0.75',
      'cpu huge 1e+300',
      `cpu minus -3`,
      `cpu most ${most}`,
      'cpu zero 0',
    ]);
  },

  async 'a stack of ten thousand frames comes back whole'(store) {
    const deep = Array.from({ length: 10_000 }, (_, depth) => `f${depth % 97}`).join(';');
    await store.append('one', batchOf(`1 cpu pod=a ${deep} 1`, '1 cpu pod=a f0 2'), never);
    const drawn = drawMerge(await store.merge(always(), never));
    assert.deepEqual(drawn, ['cpu f0 2', `cpu ${deep} 1`]);
  },
};

const UPKEEP: Cases = {
  async 'status tells what is held'(store) {
    const empty = await store.status(never);
    assert.deepEqual(
      [empty.rows, empty.series, empty.stacks, empty.oldestMs, empty.newestMs],
      [0, 0, 0, 0, 0],
    );
    await store.append(
      'one',
      batchOf('1000 cpu pod=a main;work 1', '3000 cpu pod=b main 1', '500 cpu pod=b quality 1'),
      never,
    );
    const status = await store.status(never);
    assert.deepEqual(
      [status.rows, status.series, status.stacks, status.oldestMs, status.newestMs],
      [2, 2, 2, 500, 3000],
    );
    assert.ok(status.limits.every(({ value, hits }) => value > 0 && hits === 0));
  },

  async 'rows of windows that began before an instant expire'(store) {
    await store.append(
      'one',
      batchOf('1000 cpu pod=a old 1', '1000 cpu pod=a quality 1', '2000 cpu pod=b new 1'),
      never,
    );
    assert.equal(await store.expire(1000, never), 0);
    assert.equal(await store.expire(2000, never), 1);
    assert.deepEqual(drawMerge(await store.merge(always(), never)), ['cpu new 1']);
    assert.deepEqual(drawSeries(await store.series(always(), never)), ['cpu {pod="b"}']);
    assert.equal((await store.status(never)).oldestMs, 2000);
    assert.equal(await store.append('one', batchOf('1 cpu pod=a x 1'), never), 'duplicate');
  },
};
