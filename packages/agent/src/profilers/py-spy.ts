import { existsSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENTS, type EventName } from '@kube-eagle/api';
import { type FoldedFrame, readFolded } from '@kube-eagle/profile';
import { oneSeries } from './one-series.ts';
import type { ProfiledProcess } from './profiled-process.ts';
import { type Ask, type Collected, failed, type ProcessProfiler, unable } from './profiler.ts';
import { readBounded } from './read-bounded.ts';
import { type ChildEnd, runChild } from './run-child.ts';

const PURPOSE = { name: 'py-spy', language: 'python', events: ['cpu', 'wall'] } as const;
const STRETCH_MS = 60_000;
/** Stacks a second of all threads together: py-spy slows a process down by what it reads. */
const STACKS_PER_SECOND = 2_000;

export interface PySpyPorts {
  /** Path of the program py-spy. */
  readonly program: string;
  readonly nowMs: () => number;
}

/**
 * Python by py-spy (github.com/benfred/py-spy), which reads the interpreter's memory from outside and
 * does not stop it unless native frames are asked for. `cpu` is of threads that do not idle, `wall` of
 * all.
 */
export function createPySpy({ program, nowMs }: PySpyPorts): ProcessProfiler {
  return {
    ...PURPOSE,
    kind: 'process',
    stretchMs: STRETCH_MS,
    async probe(process, ask) {
      if (!existsSync(program)) {
        return unable('profiler_missing', `expected py-spy at ${program}, it is not there`);
      }
      const { tracerPid, threads } = process.inside;
      if (ask.nativeFrames && tracerPid !== 0) {
        return unable(
          'profiler_busy',
          `native frames need ptrace, and process ${tracerPid} traces process ${process.pid}: end that, or ask without --native`,
        );
      }
      const rateHz = cappedRate(ask.rateHz, threads);
      const way = ask.nativeFrames ? 'and stopped at each sample' : 'without stopping it';
      const cap = rateHz < ask.rateHz ? `, at ${rateHz} Hz as it has ${threads} threads` : '';
      return { kind: 'able', how: `its memory read from outside ${way}${cap}`, holds: 'ptrace' };
    },
    async collect(process, ask, signal) {
      const folder = await mkdtemp(join(tmpdir(), 'kube-eagle-py-spy-'));
      try {
        const startMs = nowMs();
        const file = join(folder, 'raw');
        const rateHz = cappedRate(ask.rateHz, process.inside.threads);
        const end = await runChild(
          {
            command: program,
            args: argumentsOf(process.pid, { ...ask, rateHz }, file),
            folder,
            begun: /Sampling process/,
            durationMs: ask.durationMs,
          },
          signal,
        );
        if (end.status !== 0) return refusalOf(process, end);
        await using handle = await open(file, 'r');
        return await taken(handle, end, { event: ask.event, rateHz, startMs, endMs: nowMs() });
      } catch (error) {
        return failed('profiler_failed', `py-spy: ${(error as Error).message}`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** The rate at which all threads together cost no more than the bound. */
export function cappedRate(rateHz: number, threads: number): number {
  return Math.max(1, Math.min(Math.round(rateHz), Math.floor(STACKS_PER_SECOND / threads)));
}

function argumentsOf(pid: number, { event, rateHz, durationMs, nativeFrames }: Ask, file: string) {
  return [
    'record',
    ...['--pid', String(pid), '--format', 'raw', '--output', file, '--full-filenames'],
    ...['--rate', String(rateHz)],
    // Only to end it should this process be killed; else it is interrupted.
    ...['--duration', String(Math.ceil(durationMs / 1_000) + 60)],
    ...(nativeFrames ? ['--native'] : ['--nonblocking']),
    ...(event === 'wall' ? ['--idle'] : []),
  ];
}

interface Run {
  readonly event: EventName;
  readonly rateHz: number;
  readonly startMs: number;
  readonly endMs: number;
}

async function taken(file: FileHandle, { said }: ChildEnd, run: Run): Promise<Collected> {
  const period = 1e9 / run.rateHz;
  const { type } = EVENTS[run.event];
  const { value, problems } = await readFolded(readBounded(file), {
    type,
    period,
    parseFrame: frameOfPySpy,
  });
  const samples = value.samples.value.reduce((sum, weight) => sum + weight, 0) / period;
  const lost = Number(/Errors: (\d+)/.exec(said)?.[1] ?? 0);
  const stretch = { type, period, taken: Math.round(samples), lost, startMs: run.startMs };
  return {
    kind: 'taken',
    profile: oneSeries(value, { ...stretch, durationNs: (run.endMs - run.startMs) * 1e6 }),
    samples: Math.round(samples),
    note: [/[\d.]+s behind in sampling/.exec(said)?.[0] ?? '', ...problems]
      .filter((text) => text !== '')
      .join('; '),
  };
}

/** A frame as py-spy's `raw` has it: `name (file:line)`, of native code `name (library)`. */
export function frameOfPySpy(text: string): FoldedFrame {
  const [, name = text, file = '', line = '0'] = /^(.*) \((.*?)(?::(\d+))?\)$/.exec(text) ?? [];
  const isPython = /\.pyx?$|^</.test(file);
  return { name, file, line: Number(line), kind: isPython ? 'cpython' : 'native' };
}

/** What py-spy's words mean. They end with a stack of its own, which nobody needs. */
function refusalOf({ pid }: ProfiledProcess, { said }: ChildEnd): Collected {
  const [words = ''] = said.split('Stack backtrace:');
  const text = words.replaceAll(/\s+/g, ' ').trim().slice(0, 500) || 'it said nothing';
  if (/permission denied|operation not permitted/i.test(words)) {
    return failed(
      'not_permitted',
      `py-spy may not read process ${pid}: ${text}. Run the agent with CAP_SYS_PTRACE`,
    );
  }
  if (/no such (file|process)|check that the process is running/i.test(words)) {
    return failed('process_ended', `process ${pid} ended before py-spy had found its Python`);
  }
  if (/python version|symbol|interpreter/i.test(words)) {
    return failed(
      'profiler_unfit',
      `py-spy does not know this Python: ${text}. Ask with --profiler ebpf`,
    );
  }
  return failed('profiler_failed', `py-spy: ${text}`);
}
