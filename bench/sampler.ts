import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openElf } from '../packages/agent/src/elf/open-elf.ts';
import { createEbpfDriver } from '../packages/agent/src/sampler/ebpf.ts';
import { countRuns } from '../packages/agent/src/sampler/libbpf.ts';
import { compileProgram, LIFE, sampleWhile } from '../packages/agent/src/sampler/testing.ts';
import { buildUnwindTable } from '../packages/agent/src/unwind/build-table.ts';
import { layOutBlocks } from '../packages/agent/src/unwind/table-blocks.ts';
import { type Figure, median } from './figure.ts';
import { descriptors, fieldOf, usageOf } from './usage.ts';

const RUN_MS = 6_000;
const WINDOW_MS = 10_000;
const RATES_HZ = [19, 99] as const;
const MAX_SAMPLE_US = 25;
const MAX_MAPS_MB = 48;
/** Until the tables of a new program are in the kernel. */
const WARM_UP_WINDOWS = 3;

/** The program that the timer runs: of all that are loaded, the one that ran most. */
function mostRun(): { readonly count: number; readonly ns: number } {
  const runs = descriptors('self', 'bpf-prog').map((info) => ({
    count: fieldOf(info, 'run_cnt'),
    ns: fieldOf(info, 'run_time_ns'),
  }));
  return runs.toSorted((a, b) => b.count - a.count)[0] ?? { count: 0, ns: 0 };
}

const driver = createEbpfDriver({ nowMs: Date.now });

async function* underLoad(rateHz: number): AsyncIterable<Figure> {
  await using sampler = await driver.open({ rateHz, windowMs: WINDOW_MS, pids: [] });
  const windows = await sampleWhile(sampler, () => sleep(RUN_MS));
  const { count, ns } = mostRun();
  const us = ns / count / 1_000;
  const frames = windows.reduce((sum, window) => {
    const { stacks } = window;
    return stacks.count.reduce(
      (total, times, row) =>
        total + times * ((stacks.firstFrame[row + 1] ?? 0) - (stacks.firstFrame[row] ?? 0)),
      sum,
    );
  }, 0);
  const samples = windows.reduce(
    (sum, { stacks }) => sum + stacks.count.reduce((total, times) => total + times, 0),
    0,
  );
  yield {
    name: `BPF time a sample at ${rateHz} Hz, stacks of ${Math.round(frames / samples)} frames`,
    value: us,
    unit: 'us',
    budget: `≤ ${MAX_SAMPLE_US}`,
    within: us <= MAX_SAMPLE_US,
  };
  yield {
    name: `BPF time at ${rateHz} Hz, ${availableParallelism()} busy CPUs`,
    value: (ns / 1e6 / RUN_MS) * 100,
    unit: '% of one CPU',
  };
  const megabytes = usageOf(process.pid).mapMegabytes;
  yield {
    name: `BPF maps at ${rateHz} Hz, windows of ${WINDOW_MS / 1_000} s`,
    value: megabytes,
    unit: 'MB',
    budget: `≤ ${MAX_MAPS_MB}`,
    within: megabytes <= MAX_MAPS_MB,
  };
}

async function openedMs(): Promise<number> {
  const started = performance.now();
  await using _sampler = await driver.open({ rateHz: 19, windowMs: WINDOW_MS, pids: [] });
  return performance.now() - started;
}

/** Files whose unwind tables are large, where they are installed. */
const LIBRARIES: readonly (readonly [string, string])[] = [
  ['node', process.execPath],
  ['libjvm', '/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so'],
  ['libLLVM', '/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1'],
  ['libstdc++', '/usr/lib/x86_64-linux-gnu/libstdc++.so.6'],
];

/** Making an unwind table, which a thread of its own does when a file is first met. */
function* tablesMade(): Iterable<Figure> {
  for (const [name, path] of LIBRARIES) {
    if (!existsSync(path)) continue;
    using file = openElf(realpathSync(path)).value;
    if (!file) continue;
    const started = performance.now();
    const table = buildUnwindTable(file.elf);
    const ms = performance.now() - started;
    const megabytes = ((table && layOutBlocks(table, (rule) => rule)?.length) ?? 0) / 1e6;
    yield { name: `unwind table of ${name}, ${table?.length} rows`, value: ms, unit: 'ms' };
    yield { name: `unwind table of ${name} in the kernel`, value: megabytes, unit: 'MB' };
  }
}

const PYTHON = 'f = lambda n: n if n < 2 else f(n - 1) + f(n - 2)\nwhile True: f(20)';
const SCRIPT = 'const f = (n) => (n < 2 ? n : f(n - 1) + f(n - 2)); for (;;) f(25);';

/** Walking by tables: one process of each language, once its tables are there. */
async function* byLanguage(): AsyncIterable<Figure> {
  using program = compileHidden();
  const programs: readonly (readonly [string, string, readonly string[]])[] = [
    ['C++ without frame pointers', program.path, ['recursion', ...LIFE]],
    ['Python', 'python3', ['-c', PYTHON]],
    ['JavaScript', process.execPath, ['-e', SCRIPT]],
  ];
  for (const [language, command, args] of programs) {
    const child = spawn(command, args, { stdio: 'ignore' });
    try {
      const { us, frames } = await walked(child.pid ?? 0);
      yield {
        name: `BPF time a sample of ${language}, stacks of ${Math.round(frames)} frames`,
        value: us,
        unit: 'us',
        budget: `≤ ${MAX_SAMPLE_US}`,
        within: us <= MAX_SAMPLE_US,
      };
    } finally {
      child.kill('SIGKILL');
    }
  }
}

/** A program built without frame pointers, in a folder of its own. */
function compileHidden(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-bench-'));
  const path = join(folder, 'hidden');
  const source = fileURLToPath(new URL('../golden/programs/hidden.cpp', import.meta.url));
  execFileSync('c++', ['-O2', '-fomit-frame-pointer', '-o', path, source]);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** Run time and frames a sample of one process. */
async function walked(pid: number): Promise<{ readonly us: number; readonly frames: number }> {
  await using sampler = await driver.open({ rateHz: 499, windowMs: 1_000, pids: [pid] });
  const enough = new AbortController();
  let before = sampler.counters();
  let windows = 0;
  for await (const _window of sampler.windows(enough.signal)) {
    windows++;
    if (windows === WARM_UP_WINDOWS) before = sampler.counters();
    if (windows === WARM_UP_WINDOWS + 3) enough.abort();
  }
  const after = sampler.counters();
  const since = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
  return {
    us: since('runNs') / since('samples') / 1_000,
    frames: since('frames') / since('samples'),
  };
}

/** Cost of the eBPF sampler while every CPU runs a program thirty frames deep. Needs root and BTF. */
export async function* sampler(): AsyncIterable<Figure> {
  using program = compileProgram('deep');
  using _runs = countRuns();
  const load = Array.from({ length: availableParallelism() }, () => spawn(program.path, LIFE));
  try {
    for (const rateHz of RATES_HZ) yield* underLoad(rateHz);
    const times = [await openedMs(), await openedMs(), await openedMs()];
    yield { name: 'load and attach the sampler', value: median(times), unit: 'ms' };
  } finally {
    for (const child of load) child.kill('SIGKILL');
  }
  yield* tablesMade();
  yield* byLanguage();
}
