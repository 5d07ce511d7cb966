import { EagleError, messageOf } from '@kube-eagle/profile';
import { pause } from '../clock.ts';
import { type BackoffOptions, createBackoff } from './backoff.ts';
import { type ListWatchPorts, listAll, type Resource, watchFrom } from './list-watch.ts';
import type { Mirror } from './object-table.ts';
import type { KubeFailure, WatchEvent } from './watch-event.ts';

export interface ReflectorPorts extends ListWatchPorts {
  readonly backoff: BackoffOptions;
  /** Told when something is to be begun again, and why. */
  readonly restarted: (why: RestartCause) => void;
}

/** Why a watch or a list was begun again. */
export type RestartCause = 'ended' | 'expired' | 'refused' | 'broken' | 'silent' | 'too_long';

/** A mirror of objects that is kept up to date. */
export interface Reflector {
  readonly state: ReflectorState;
  /** Resolves at the first complete list, the first refusal, or when the signal aborts. */
  readonly settled: Promise<void>;
  /** Resolves after the signal aborted. Never rejects. */
  readonly ended: Promise<void>;
}

export interface ReflectorState {
  readonly phase: 'listing' | 'watching' | 'waiting';
  /** When the mirror was last known to be up to date; 0 before the first list. */
  readonly freshMs: number;
  readonly restarts: number;
  /** What went wrong last; empty while all is well. */
  readonly problem: string;
}

/** Failures after which the version to go on from is no longer trusted. */
const FAILURES_BEFORE_LIST = 3;
/** How long a watch is asked for at least; up to twice that, so that not all end at once. */
const WATCH_S = 240;
const GONE = 410;

/**
 * Lists a resource in pages, then watches it, for ever. Whatever ends is begun again after a wait
 * that grows until a watch gives something: with a list where the version has expired or three tries
 * failed, else from where it was.
 *
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function startReflector<T>(
  resource: Resource<T>,
  mirror: Mirror<T>,
  ports: ReflectorPorts,
  signal: AbortSignal,
): Reflector {
  const { clock, backoff: options } = ports;
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
  const backoff = createBackoff(options);
  const state: { -readonly [K in keyof ReflectorState]: ReflectorState[K] } = {
    phase: 'listing',
    freshMs: 0,
    restarts: 0,
    problem: '',
  };
  /** From which a watch goes on; empty where only a list helps. */
  let version = '';

  async function list(): Promise<Failure | undefined> {
    state.phase = 'listing';
    const listing = await listAll(resource, ports, signal);
    if (listing.kind === 'refused') return refusal(listing.failure);
    mirror.replace(listing.objects);
    version = listing.version;
    state.freshMs = clock.nowMs();
    settle();
    return undefined;
  }

  async function watch(): Promise<Failure> {
    state.phase = 'watching';
    const timeoutS = Math.round(WATCH_S * (1 + options.random()));
    for await (const event of watchFrom(resource, { version, timeoutS }, ports, signal)) {
      if (event.kind === 'error') return refusal(event.error);
      if (event.kind === 'unknown') return broken(`expected an event, got ${event.line}`);
      apply(event);
      version = event.version || version;
      state.freshMs = clock.nowMs();
      state.problem = '';
      backoff.reset();
    }
    return { cause: 'ended', message: '', retryAfterMs: undefined };
  }

  function apply(event: Exclude<WatchEvent, { kind: 'error' | 'unknown' }>): void {
    if (event.kind === 'bookmark') return;
    const object = resource.read(event.object);
    if (object === undefined) return;
    if (event.kind === 'put') mirror.put(object);
    else mirror.remove(object);
  }

  async function turn(): Promise<Failure> {
    try {
      return (version === '' ? await list() : undefined) ?? (await watch());
    } catch (error) {
      return thrown(error);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const { cause, message, retryAfterMs } = await turn();
      if (signal.aborted) break;
      if (cause === 'refused') settle();
      const waitMs = backoff.failed(retryAfterMs);
      if (cause === 'expired' || backoff.failures >= FAILURES_BEFORE_LIST) version = '';
      state.restarts++;
      state.problem = message || state.problem;
      state.phase = 'waiting';
      ports.restarted(cause);
      await pause(clock, waitMs, signal);
    }
    settle();
  }

  return { state, settled, ended: run() };
}

/** Why a list or a watch ended. */
interface Failure {
  readonly cause: RestartCause;
  /** Empty where nothing is wrong. */
  readonly message: string;
  readonly retryAfterMs: number | undefined;
}

function refusal({ code, message, retryAfterMs }: KubeFailure): Failure {
  const cause = code === GONE ? 'expired' : 'refused';
  return { cause, message: `${code} ${message}`.trim(), retryAfterMs };
}

function broken(message: string): Failure {
  return { cause: 'broken', message, retryAfterMs: undefined };
}

function thrown(error: unknown): Failure {
  const code = error instanceof EagleError ? error.code : 'unknown';
  const failure = broken(messageOf(error));
  if (code === 'deadline_exceeded') return { ...failure, cause: 'silent' };
  return code === 'resource_exhausted' ? { ...failure, cause: 'too_long' } : failure;
}
