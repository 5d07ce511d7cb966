import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createConnectTransport } from '@connectrpc/connect-web';
import { createEagleClient, IDEMPOTENCY_KEY, ROUTES } from '@kube-eagle/api';
import {
  CPU,
  createProfileBuilder,
  labelsOf,
  profileTypeId,
  type SeriesId,
  type StackId,
  writeOtlp,
} from '@kube-eagle/profile';
import { openDuckdbStore } from '../packages/server/src/store/duckdb/duckdb-store.ts';
import { REAL_CLOCK } from '../packages/server/src/testing.ts';
import { type Bench, median } from './figure.ts';
import { openServer } from './server.ts';

const BATCHES = 25;
const ROWS = 50_000;
const STACKS = 20_000;
const SERIES = 200;
const QUERIES = 9;

/** The stacks and series that all batches have, as those of one cluster do; fewer of the deep ones. */
function batchOf(batch: number, startMs: number): Uint8Array {
  const builder = createProfileBuilder();
  const stacks: StackId[] = [];
  for (let row = 0; row < STACKS; row++) {
    const parent = row < 50 ? -1 : stacks[Math.floor(row / (2 + (row % 3)))];
    const name = `package_${row % 40}::function_${row % 3_000}`;
    const frame = builder.frame({ function: builder.function(name), kind: 'native' });
    stacks.push(builder.stack(parent ?? -1, frame));
  }
  const series: SeriesId[] = Array.from({ length: SERIES }, (_, at) =>
    builder.series(
      labelsOf([
        ['node', `node-${at % 10}`],
        ['service_name', `service-${at}`],
      ]),
      CPU,
      1e9 / 19,
    ),
  );
  for (let row = 0; row < ROWS; row++) {
    const stack = stacks[Math.floor(STACKS * (((row * 7_919 + batch) / ROWS) % 1) ** 2)];
    const of = series[row % SERIES];
    if (stack === undefined || of === undefined) continue;
    builder.sample({ timeMs: startMs + batch * 10_000, series: of, stack, value: 52_631_579 });
  }
  return writeOtlp(builder.finish());
}

/** Runs `run` so often, one after another, and gives how long each took, in ms. */
async function timed(times: number, run: (time: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    const beganMs = performance.now();
    await run(time);
    took.push(performance.now() - beganMs);
  }
  return took;
}

/** From OTLP bytes over HTTP to their commit in DuckDB, then questions about them. */
export const ingest: Bench = async function* () {
  const directory = mkdtempSync(join(tmpdir(), 'kube-eagle-ingest-'));
  try {
    await using store = await openDuckdbStore({ dir: directory, now: REAL_CLOCK.nowMs });
    await using server = await openServer(store);
    const { url } = server;
    const startMs = Math.floor(Date.now() / 10_000) * 10_000 - BATCHES * 10_000;
    const bodies = Array.from({ length: BATCHES }, (_, batch) =>
      gzipSync(batchOf(batch, startMs), { level: 1 }),
    );
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
    const cpuBefore = process.cpuUsage();
    const acknowledged = await timed(BATCHES, async (batch) => {
      const answer = await fetch(`${url}${ROUTES.otlp}`, {
        method: 'POST',
        headers: { ...headers, [IDEMPOTENCY_KEY]: `batch-${batch}` },
        body: new Uint8Array(bodies[batch] ?? []),
      });
      if (answer.status !== 200) throw new Error(await answer.text());
    });
    const { user, system } = process.cpuUsage(cpuBefore);
    const rowsPerSecond = (BATCHES * ROWS) / ((user + system) / 1e6);
    yield {
      name: `OTLP with gzip over HTTP to commit, ${BATCHES} batches of ${ROWS} rows`,
      value: rowsPerSecond,
      unit: 'rows/s a core',
      budget: '≥ 500000',
      within: rowsPerSecond >= 5e5,
    };
    const p50 = median(acknowledged);
    yield {
      name: `acknowledged, a batch of ${ROWS} rows, p50`,
      value: p50,
      unit: 'ms',
      budget: '≤ 100',
      within: p50 <= 100,
    };
    const { query } = createEagleClient(
      createConnectTransport({ baseUrl: url, useBinaryFormat: true }),
    );
    const selection = {
      profileType: profileTypeId(CPU),
      selector: '',
      fromMs: startMs,
      toMs: Date.now(),
    };
    const flame = median(await timed(QUERIES, () => query.flameTree({ selection })));
    yield {
      name: `flame tree over ${(BATCHES * ROWS) / 1e6} M rows, cut to 8192 nodes, p50`,
      value: flame,
      unit: 'ms',
      budget: '≤ 50',
      within: flame <= 50,
    };
    const one = { ...selection, selector: '{service_name="service-7"}' };
    const container = median(await timed(QUERIES, () => query.flameTree({ selection: one })));
    yield {
      name: 'flame tree of one of 200 services, p50',
      value: container,
      unit: 'ms',
      budget: '≤ 30',
      within: container <= 30,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
