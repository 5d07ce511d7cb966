import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import {
  CPU,
  createProfileBuilder,
  type FrameId,
  labelsOf,
  NONE,
  type Profile,
  type ProfileBuilder,
  readOtlp,
  readPprof,
  type StackId,
  writeOtlp,
  writePprof,
} from '@kube-eagle/profile';
import { type Bench, type Figure, median } from './figure.ts';
import { createRandom } from './random.ts';

const SERIES = 200;
const STACKS = 8_000;
const ROWS = 60_000;
const DEPTH = 30;
const RUNS = 7;

/** A window of a busy node: many series that share some thousand stacks. */
function batch(): Profile {
  const next = createRandom(1);
  const builder = createProfileBuilder();
  const mapping = builder.mapping('/usr/bin/app', 'c0ffee');
  const frames = Array.from({ length: 4_000 }, (_, row) =>
    builder.frame({
      function: builder.function(`package::module${row % 40}::function_${row}`),
      mapping,
      address: 0x1000 + row * 64,
      kind: 'native',
    }),
  );
  const stacks = growStacks(builder, frames, next);
  const series = Array.from({ length: SERIES }, (_, row) =>
    builder.series(
      labelsOf([
        ['service_name', `service-${row}`],
        ['node', 'n1'],
      ]),
      CPU,
      1e9 / 19,
    ),
  );
  for (let row = 0; row < ROWS; row++) {
    const of = series[row % SERIES];
    const stack = stacks[Math.floor(next() ** 2 * stacks.length)];
    if (of === undefined || stack === undefined) continue;
    builder.sample({ timeMs: 1e12, series: of, stack, value: 52_631_579 });
  }
  return builder.finish(1e12, 1e10);
}

/**
 * Stacks as programs have them: each leaves a former one somewhere above its leaf and goes on for a
 * few frames of its own, which makes about six rows a stack.
 */
function growStacks(
  builder: ProfileBuilder,
  frames: readonly FrameId[],
  next: () => number,
): readonly StackId[] {
  const paths: StackId[][] = [];
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(next() * all.length)];
  while (paths.length < STACKS) {
    const former = pick(paths) ?? [];
    const path = former.slice(0, Math.max(0, former.length - Math.floor(next() * 12)));
    while (path.length < DEPTH) {
      const frame = pick(frames);
      if (frame !== undefined) path.push(builder.stack(path.at(-1) ?? NONE, frame));
    }
    paths.push(path);
  }
  return paths.flatMap((path) => path.at(-1) ?? []);
}

/** Median ms of some runs, after one that does not count. */
function time(work: () => unknown): number {
  work();
  const runs = Array.from({ length: RUNS }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return median(runs);
}

const rate = (name: string, ms: number, rows: number): Figure => ({
  name: `${name}, ${ROWS / 1_000} k rows of ${SERIES} series`,
  value: rows / ms / 1_000,
  unit: 'M rows/s',
});

/** How fast profiles become bytes and back, and how many. */
export const formats: Bench = async function* () {
  const profile = batch();
  const rows = profile.samples.length;
  const bytes = writeOtlp(profile);
  yield rate(
    'OTLP encode',
    time(() => writeOtlp(profile)),
    rows,
  );
  yield rate(
    'OTLP decode',
    time(() => readOtlp(bytes)),
    rows,
  );
  const zipped = await promisify(gzip)(bytes);
  const zstd = await promisify(zstdCompress)(bytes);
  yield { name: 'OTLP, gzip', value: zipped.length / rows, unit: 'bytes a row' };
  yield { name: 'OTLP, zstd', value: zstd.length / rows, unit: 'bytes a row' };
  yield rate(
    'pprof encode',
    time(() => writePprof(profile)),
    rows,
  );
  const pprof = writePprof(profile);
  const readMs = time(() => readPprof(pprof));
  yield { name: 'pprof decode', value: pprof.length / readMs / 1_000, unit: 'MB/s' };
};
