import { EagleError, labelValue, type Parsed, type Profile } from '@kube-eagle/profile';
import { type JoinIdentity, withIdentity } from '../identity/identity.ts';
import type { Limits } from '../limits.ts';
import type { ProfileStore } from '../store/profile-store.ts';
import type { Telemetry } from '../telemetry.ts';
import { countStacks } from './count-stacks.ts';
import { withinTime } from './row-time.ts';

/** What a reader made of a batch. */
export interface Batch {
  readonly id: string;
  readonly parsed: Parsed<Profile>;
}

/** What became of a batch that was committed. */
export interface Receipt {
  readonly rows: number;
  /** OTLP's word for windows of a series that were not stored. */
  readonly rejectedProfiles: number;
  /** Why something was left out, for the sender; empty where nothing was. */
  readonly message: string;
}

/**
 * Stores a batch and resolves after commit. Throws `invalid_argument` where nothing of it could be
 * understood, and what the store throws where it cannot take it.
 */
export type Ingest = (batch: Batch, signal: AbortSignal) => Promise<Receipt>;

export interface IngestPorts {
  readonly store: ProfileStore;
  readonly joinIdentity: JoinIdentity;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  /** Told of the newest window of each node. */
  readonly seen: (node: string, timeMs: number) => void;
  readonly nowMs: () => number;
}

/** The one way into the store. */
export function createIngest(ports: IngestPorts): Ingest {
  const { store, joinIdentity, limits, telemetry, nowMs } = ports;
  const { metrics } = telemetry;
  return async ({ id, parsed }, signal) => {
    const { value, problems } = parsed;
    metrics.problems.inc(problems.length);
    requireUnderstood(value, problems);
    const timed = withinTime(value, nowMs(), limits);
    metrics.rows.inc({ outcome: 'rejected' }, timed.rejectedRows);
    const profile = withIdentity(timed.profile, joinIdentity);
    const endCommit = metrics.ingestSeconds.startTimer({ phase: 'commit' });
    const outcome = await store.append(id, profile, signal);
    endCommit();
    metrics.batches.inc({ outcome });
    const rows = profile.samples.length;
    if (outcome === 'stored') {
      metrics.rows.inc({ outcome: 'stored' }, rows);
      countStacks(profile, metrics);
      tellNewest(profile, ports.seen);
    }
    return {
      rows,
      rejectedProfiles: timed.rejectedProfiles,
      message: [timed.message, ...problems].filter((text) => text !== '').join('; '),
    };
  };
}

function requireUnderstood(profile: Profile, problems: readonly string[]): void {
  if (profile.samples.length === 0 && problems.length > 0) {
    throw new EagleError('invalid_argument', `no profile was understood: ${problems.join('; ')}`);
  }
}

/** Tells of the newest window a node sent, whatever task it was for. */
function tellNewest(profile: Profile, seen: IngestPorts['seen']): void {
  const newest = new Float64Array(profile.series.length);
  const { series, timeMs, length } = profile.samples;
  for (let row = 0; row < length; row++) {
    const of = series[row] ?? 0;
    newest[of] = Math.max(newest[of] ?? 0, timeMs[row] ?? 0);
  }
  for (let row = 0; row < newest.length; row++) {
    const node = labelValue(profile.series.labels[row] ?? [], 'node');
    if (node !== '') seen(node, newest[row] ?? 0);
  }
}
