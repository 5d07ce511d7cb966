import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS, type EventName } from '@kube-eagle/api';
import { messageOf, readFolded } from '@kube-eagle/profile';
import { runInJvm } from '../runtimes/jvm-attach.ts';
import { frameOfAsyncProfiler } from './async-profiler-frame.ts';
import { type Foothold, isPlaced, openFoothold, type PlacedFile } from './foothold.ts';
import { oneSeries } from './one-series.ts';
import type { ProfiledProcess } from './profiled-process.ts';
import {
  type Ask,
  type Collected,
  failed,
  type ProcessProfiler,
  type Refusal,
  unable,
} from './profiler.ts';
import { readBounded } from './read-bounded.ts';

const PURPOSE = {
  name: 'async-profiler',
  language: 'java',
  events: ['cpu', 'wall', 'alloc', 'heap', 'lock'],
} as const;
const STRETCH_MS = 60_000;
/** The library ends by itself so long after a stretch, should nobody end it. */
const GUARD_MS = 30_000;
const COMMAND_MS = 20_000;
/** Agents that sample a JVM themselves, by the names of their libraries. */
const FOREIGN = /(?:^|\/)[^/]*(?:asyncProfiler|javaProfiler|yjpagent|jprofilerti)[^/]*\.so/;

export interface AsyncProfilerPorts {
  /** Path of libasyncProfiler.so, which both glibc and musl can load. */
  readonly library: string;
  /** Whether JVMs may be attached to at all. */
  readonly mayAttach: boolean;
  readonly nowMs: () => number;
}

/**
 * Java by async-profiler (github.com/async-profiler/async-profiler), loaded into the JVM by its attach
 * listener. The library is put into the process's mount namespace and removed from there again; the
 * JVM keeps it mapped, idle.
 */
export function createAsyncProfiler(ports: AsyncProfilerPorts): ProcessProfiler {
  const { library, mayAttach, nowMs } = ports;
  return {
    ...PURPOSE,
    kind: 'process',
    stretchMs: STRETCH_MS,
    async probe(process) {
      if (!mayAttach) {
        return unable('not_permitted', 'this agent runs with --jvm-attach false');
      }
      if (!(await isReadable(library))) {
        return unable('profiler_missing', `expected the library ${library}, it is not there`);
      }
      const foreign = process.mappings.find(({ path }) => FOREIGN.test(path));
      if (foreign) {
        return unable(
          'profiler_busy',
          `process ${process.pid} has another profiler loaded, ${foreign.path}: two would take each other's signals`,
        );
      }
      return { kind: 'able', how: 'loaded into the JVM', holds: 'jvm_agent' };
    },
    async collect(process, ask, signal) {
      const opened = await openFoothold(process.pid, process.inside);
      if ('problem' in opened) return failed('no_place', opened.problem);
      await using foothold = opened.foothold;
      try {
        const session = await openSession(process, foothold, await readFile(library));
        return await profile(session, ask, { nowMs, signal });
      } catch (error) {
        return failed('profiler_failed', `async-profiler: ${messageOf(error)}`);
      }
    },
  };
}

const isReadable = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  );

/** A JVM and the agent's files beside it. */
interface Session {
  readonly process: ProfiledProcess;
  readonly library: string;
  readonly log: PlacedFile;
  /** Values, and how many samples they are of. */
  readonly values: PlacedFile;
  readonly counts: PlacedFile;
}

async function openSession(
  process: ProfiledProcess,
  foothold: Foothold,
  bytes: Uint8Array,
): Promise<Session> {
  // By the path it had, a JVM that has loaded it before finds it again instead of a second one.
  const before = process.mappings.find(({ path }) => isPlaced(path))?.path;
  const name = before?.slice(before.lastIndexOf('/') + 1);
  const { path } = await foothold.library(bytes, name);
  return {
    process,
    library: path,
    log: await foothold.result(),
    values: await foothold.result(),
    counts: await foothold.result(),
  };
}

interface Run {
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

async function profile(session: Session, ask: Ask, { nowMs, signal }: Run): Promise<Collected> {
  const { values, counts } = session;
  const refusal = await start(session, ask);
  if (refusal) return { kind: 'failed', ...refusal };
  const startMs = nowMs();
  await sleep(ask.durationMs, undefined, { signal }).catch(() => undefined);
  const durationNs = (nowMs() - startMs) * 1e6;
  // Without a file it would write to the program's own output.
  const refused =
    (await command(session, `stop,collapsed,ann,total,file=${values.path}`)) ??
    (await command(session, `dump,collapsed,ann,file=${counts.path}`));
  if (refused) return { kind: 'failed', ...refused };
  const { type } = EVENTS[ask.event];
  const { value, problems } = await readFolded(readBounded(values.file), {
    type,
    parseFrame: frameOfAsyncProfiler,
  });
  const counted = await readFolded(readBounded(counts.file));
  const samples = counted.value.samples.value.reduce((sum, weight) => sum + weight, 0);
  const isTime = ask.event === 'cpu' || ask.event === 'wall';
  const stretch = { type, period: isTime ? 1e9 / ask.rateHz : 0, taken: samples, lost: 0 };
  return {
    kind: 'taken',
    profile: oneSeries(value, { ...stretch, startMs, durationNs }),
    samples,
    note: problems.join('; '),
  };
}

/** Starts the library; where the kernel refuses it perf events, on timers of the threads' CPU time. */
async function start(session: Session, ask: Ask): Promise<Refusal | undefined> {
  const seconds = Math.ceil((ask.durationMs + GUARD_MS) / 1_000);
  const begin = (event: string): Promise<Refusal | undefined> =>
    command(session, `start,${event},timeout=${seconds}`);
  const refusal = await begin(argumentsOf(ask));
  const isRefusedByKernel = ask.event === 'cpu' && /perf|PMU/i.test(refusal?.message ?? '');
  return isRefusedByKernel ? await begin(`event=ctimer,interval=${intervalNs(ask)}`) : refusal;
}

const intervalNs = ({ rateHz }: Ask): number => Math.round(1e9 / rateHz);

function argumentsOf(ask: Ask): string {
  const events: Readonly<Record<(typeof PURPOSE.events)[number], string>> = {
    cpu: `event=cpu,interval=${intervalNs(ask)}`,
    wall: `event=wall,interval=${intervalNs(ask)}`,
    alloc: 'event=alloc',
    heap: 'event=alloc,live',
    lock: 'event=lock',
  };
  return events[ask.event as Exclude<EventName, 'block'>];
}

/** Has the library do something; gives why it did not. */
async function command(
  { process, library, log }: Session,
  words: string,
): Promise<Refusal | undefined> {
  const { pid } = process;
  const load = ['load', library, 'true', `${words},log=${log.path}`];
  const outcome = await runInJvm({ pid }, load, AbortSignal.timeout(COMMAND_MS));
  if (outcome.kind === 'refused') {
    const isGone = outcome.reason === 'the process has ended';
    return {
      reason: isGone ? 'process_ended' : 'attach_refused',
      message: `process ${pid}: ${outcome.reason}`,
    };
  }
  // Before JDK 9 the library's answer is a number alone.
  if (outcome.status === 0 && /^(?:return code: )?0\s*$/.test(outcome.text)) return undefined;
  if (/^(?:return code: )?\d+\s*$/.test(outcome.text)) return await refusedByLibrary(log);
  const text = outcome.text.replaceAll(/\s+/g, ' ').trim().slice(0, 500);
  return { reason: 'attach_refused', message: `the JVM did not load the library: ${text}` };
}

const MAX_LOG_BYTES = 4_096;

async function refusedByLibrary({ file }: PlacedFile): Promise<Refusal> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_LOG_BYTES), 0, MAX_LOG_BYTES, 0);
  const text = buffer.toString('utf8', 0, bytesRead).trim();
  const message = text === '' ? 'it said nothing' : text.replace(/^\[ERROR\] /, '');
  return {
    reason: /already started/i.test(text) ? 'profiler_busy' : 'profiler_failed',
    message: `async-profiler: ${message}`,
  };
}
