import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { matcher, type Profile } from '@kube-eagle/profile';
import { openDuckdbStore } from '../packages/server/src/store/duckdb/duckdb-store.ts';
import type { Store, StoreQuery } from '../packages/server/src/store/profile-store.ts';
import { atTime, clusterWindows } from './cluster.ts';
import { type Figure, median } from './figure.ts';

const SHAPE = { nodes: 20, containersANode: 10, workloads: 20 };
const WINDOW_MS = 10_000;
const START_MS = 1_767_225_600_000;
const SMALL_ROWS = 1_250_000;
const LARGE_ROWS = 12_500_000;
/** Loading stops here, however far it came. */
const LOAD_MS = 40_000;
/** Batches on their way at a time. */
const SENDERS = 4;

const never = new AbortController().signal;

/** The DuckDB store under the load of twenty nodes with ten containers each. */
export async function* store(): AsyncIterable<Figure> {
  const dir = await mkdtemp(join(tmpdir(), 'eagle-bench-store-'));
  const open = (): Promise<Store> => openDuckdbStore({ dir, now: Date.now });
  try {
    let opened = await open();
    const loaded = await load(opened, clusterWindows(SHAPE, 3));
    yield* ingestFigures(loaded);
    yield* queryFigures(opened, loaded);
    await opened[Symbol.asyncDispose]();
    const { size } = await stat(join(dir, 'profiles.duckdb'));
    yield figure(
      `disk before compaction, ${millions(loaded.rows)} rows`,
      size / loaded.rows,
      'bytes a row',
    );
    const reopenMs = await timed(async () => {
      opened = await open();
    });
    yield figure(`open again, ${millions(loaded.rows)} rows`, reopenMs, 'ms', 5000);
    await opened[Symbol.asyncDispose]();
    yield figure('memory of the process after all that', process.memoryUsage.rss() / 1e6, 'MB');
  } finally {
    await rm(dir, { recursive: true });
  }
}

interface Loaded {
  readonly rows: number;
  /** Windows it took to reach 1.25 M rows. */
  readonly smallWindows: number;
  readonly windows: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly appendMs: readonly number[];
}

/** Nodes send their windows in turn, so that always a few batches are on their way. */
async function load(into: Store, nodes: readonly Profile[][]): Promise<Loaded> {
  const appendMs: number[] = [];
  const beginMs = performance.now();
  const cpu = process.cpuUsage();
  let rows = 0;
  let sent = 0;
  let smallWindows = 0;
  const sendOn = async (): Promise<void> => {
    while (rows < LARGE_ROWS && performance.now() - beginMs < LOAD_MS) {
      const window = Math.floor(sent / nodes.length);
      const ofNode = nodes[sent % nodes.length] ?? [];
      const profile = ofNode[window % ofNode.length];
      if (!profile) return;
      const id = `batch-${sent++}`;
      rows += profile.samples.length;
      if (rows < SMALL_ROWS) smallWindows = window;
      const batch = atTime(profile, START_MS + window * WINDOW_MS);
      appendMs.push(
        await timed(async () => {
          await into.append(id, batch, never);
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sendOn));
  const windows = Math.ceil(sent / nodes.length);
  const used = process.cpuUsage(cpu);
  const cpuMs = (used.user + used.system) / 1000;
  return { rows, windows, smallWindows, appendMs, cpuMs, wallMs: performance.now() - beginMs };
}

function* ingestFigures({ rows, cpuMs, wallMs, appendMs }: Loaded): Iterable<Figure> {
  const rate = rows / (cpuMs / 1000);
  const budget = { budget: '≥ 500 000', within: rate >= 500_000 };
  yield {
    name: `ingest, names and commit included, ${millions(rows)} rows`,
    value: rate,
    unit: 'rows/s a core',
    ...budget,
  };
  yield figure('the same by the clock', rows / (wallMs / 1000), 'rows/s');
  const sorted = appendMs.toSorted((a, b) => a - b);
  yield figure(
    `acknowledged, ${SENDERS} batches of 3.7 k rows at a time, p50`,
    median(sorted),
    'ms',
    100,
  );
  yield figure('the same, p99', sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN, 'ms');
}

async function* queryFigures(asked: Store, loaded: Loaded): AsyncIterable<Figure> {
  const until = (windows: number): StoreQuery => ({
    matchers: [],
    fromMs: START_MS,
    toMs: START_MS + windows * WINDOW_MS,
  });
  const all = until(loaded.windows);
  const merge = (query: StoreQuery): Promise<number> =>
    repeated(async () => {
      await asked.merge(query, never);
    });
  yield figure('flame query, 1.25 M rows', await merge(until(loaded.smallWindows)), 'ms', 50);
  yield figure(`flame query, ${millions(loaded.rows)} rows`, await merge(all), 'ms', 400);
  const pod = { ...all, matchers: [matcher('pod', '=', 'shop-7-47')] };
  yield figure(`flame query, one container of them`, await merge(pod), 'ms', 30);
  const timelineMs = await repeated(async () => {
    await asked.timeline({ ...all, stepMs: WINDOW_MS, groupBy: ['namespace'] }, never);
  });
  yield figure(`timeline by namespace, ${millions(loaded.rows)} rows`, timelineMs, 'ms');
}

function figure(name: string, value: number, unit: string, most?: number): Figure {
  if (most === undefined) return { name, value, unit };
  return { name, value, unit, budget: `≤ ${most}`, within: value <= most };
}

const millions = (rows: number): string => `${(rows / 1e6).toFixed(1)} M`;

async function timed(work: () => Promise<void>): Promise<number> {
  const beginMs = performance.now();
  await work();
  return performance.now() - beginMs;
}

/** The median of nine runs, after two that warm up. */
async function repeated(work: () => Promise<void>): Promise<number> {
  const runs: number[] = [];
  for (let run = 0; run < 11; run++) runs.push(await timed(work));
  return median(runs.slice(2));
}
