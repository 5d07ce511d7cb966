import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { EVENTS, type EventName } from '@kube-eagle/api';
import {
  FRAME_KINDS,
  messageOf,
  type Profile,
  readPprof,
  selectSamples,
} from '@kube-eagle/profile';
import { oneSeries } from './one-series.ts';
import { askPprof, findPprof, type PprofAnswer } from './pprof-endpoint.ts';
import { type Ask, type Collected, failed, type ProcessProfiler, unable } from './profiler.ts';

const PURPOSE = {
  name: 'go-pprof',
  language: 'go',
  events: ['cpu', 'alloc', 'heap', 'lock', 'block'],
} as const;

type GoEvent = (typeof PURPOSE.events)[number];

/** A handler of net/http/pprof, and what is to be known of it. */
interface Source {
  readonly handler: string;
  /** Sample type that counts what the event's values are of. */
  readonly counts: string;
  /** Why there may be nothing. */
  readonly ifEmpty: string;
}

const SOURCES: Readonly<Record<GoEvent, Source>> = {
  cpu: { handler: 'profile', counts: 'samples', ifEmpty: '' },
  alloc: { handler: 'allocs', counts: 'alloc_objects', ifEmpty: '' },
  heap: { handler: 'heap', counts: 'inuse_objects', ifEmpty: '' },
  lock: {
    handler: 'mutex',
    counts: 'contentions',
    ifEmpty: 'the program has to call runtime.SetMutexProfileFraction for it',
  },
  block: {
    handler: 'block',
    counts: 'contentions',
    ifEmpty: 'the program has to call runtime.SetBlockProfileRate for it',
  },
};

const STRETCH_MS = 10_000;
/** Go's CPU profile is always at that rate. */
const CPU_HZ = 100;
const GRACE_MS = 15_000;
const MAX_BYTES = 2 ** 24;
const MAX_UNPACKED_BYTES = 2 ** 26;
const GO = FRAME_KINDS.indexOf('go');

const unpack = promisify(gunzip);

/** Go by the program's own net/http/pprof, on whatever port it listens. */
export function createGoPprof({ nowMs }: { readonly nowMs: () => number }): ProcessProfiler {
  return {
    ...PURPOSE,
    kind: 'process',
    stretchMs: STRETCH_MS,
    async probe(process, ask) {
      const found = await findPprof(process.pid);
      if ('problem' in found) {
        return unable(
          'no_endpoint',
          `no net/http/pprof on process ${process.pid}: ${found.problem}`,
        );
      }
      const rate =
        ask.event === 'cpu' && ask.rateHz !== CPU_HZ ? `, at ${CPU_HZ} Hz as Go has it` : '';
      const { address, port } = found.port;
      return { kind: 'able', how: `asked on ${address}:${port}${rate}`, holds: 'pprof_endpoint' };
    },
    async collect({ pid }, ask, signal) {
      const found = await findPprof(pid);
      if ('problem' in found) return failed('no_endpoint', found.problem);
      const startMs = nowMs();
      const limit = AbortSignal.timeout(Math.round(ask.durationMs + GRACE_MS));
      const limits = { maxBytes: MAX_BYTES, signal: AbortSignal.any([signal, limit]) };
      const answer = await askPprof(pid, found.port, pathOf(ask), limits);
      if (answer.status !== 200) return refusalOf(answer, signal);
      const durationNs = (nowMs() - startMs) * 1e6;
      try {
        return await taken(answer.body, ask.event as GoEvent, { startMs, durationNs });
      } catch (error) {
        return failed('profiler_failed', `expected a packed profile: ${messageOf(error)}`);
      }
    },
  };
}

/** With `seconds` a handler gives what has changed in them; what is in use is asked for as it is. */
function pathOf({ event, durationMs }: Ask): string {
  const { handler } = SOURCES[event as GoEvent];
  const seconds = Math.max(1, Math.round(durationMs / 1_000));
  return event === 'heap' ? handler : `${handler}?seconds=${seconds}`;
}

interface Span {
  readonly startMs: number;
  readonly durationNs: number;
}

async function taken(body: Buffer, event: GoEvent, span: Span): Promise<Collected> {
  const bytes = await unpack(body, { maxOutputLength: MAX_UNPACKED_BYTES });
  const { value, problems } = readPprof(bytes);
  const { counts, ifEmpty } = SOURCES[event];
  const { type } = EVENTS[event];
  const samples = sumOf(value, counts);
  const wanted = selectSamples(value, { type: { ...type, name: pprofName(event) }, matchers: [] });
  const frames = { ...wanted.frames, kind: new Uint8Array(wanted.frames.length).fill(GO) };
  const period = event === 'cpu' ? 1e9 / CPU_HZ : 0;
  return {
    kind: 'taken',
    profile: oneSeries({ ...wanted, frames }, { ...span, type, period, taken: samples, lost: 0 }),
    samples,
    note: [samples === 0 ? ifEmpty : '', ...problems].filter((text) => text !== '').join('; '),
  };
}

/** Files of blocking look like those of locks. */
const pprofName = (event: EventName): string =>
  EVENTS[event === 'block' ? 'lock' : event].type.name;

function sumOf({ series, samples }: Profile, sampleType: string): number {
  return samples.value.reduce((sum, value, row) => {
    const type = series.type[samples.series[row] ?? -1];
    return type?.sampleType === sampleType ? sum + value : sum;
  }, 0);
}

function refusalOf({ status, body, problem }: PprofAnswer, signal: AbortSignal): Collected {
  if (signal.aborted)
    return failed('cancelled', 'Go gives its profile only at the end of the time');
  const text = problem || `${status}: ${body.toString('utf8').trim().slice(0, 300)}`;
  const isInUse = /already in use|already enabled/i.test(text);
  return failed(isInUse ? 'profiler_busy' : 'profiler_failed', `net/http/pprof answered ${text}`);
}
