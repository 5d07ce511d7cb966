import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ProcessEvents } from './process-events.ts';
import type { RunningProcess } from './running-process.ts';

/** The processes that run here, but for those that end within two seconds. */
export interface ProcessTable {
  /** Looks at what has begun and ended since the last turn. Gives whether anything changed. */
  turn(): Promise<boolean>;
  all(): readonly RunningProcess[];
}

export interface ProcessTableOptions {
  /** Absent where the kernel tells of nothing: then all are looked at once a minute. */
  readonly events: Pick<ProcessEvents, 'drain'> | undefined;
  readonly look: (pid: number) => RunningProcess | undefined;
  readonly pids: () => readonly number[];
  readonly limit: number;
  readonly nowMs: () => number;
  readonly onLost: (count: number) => void;
  readonly onDropped: () => void;
}

/** By then a container's first process is in its group, and has loaded its runtime. */
const SETTLED_MS = 2_000;
/** Of processes looked at in a turn, so that a burst of them costs no more than that. */
const LOOKS_A_TURN = 8;
const RESCAN_MS = 60_000;

/** A table that knows nothing until its first turn, which looks at all there are. */
export function createProcessTable(options: ProcessTableOptions): ProcessTable {
  const { events, look, pids, limit, nowMs, onLost, onDropped } = options;
  const known = new Map<number, RunningProcess>();
  /** When each was last seen to begin. */
  const begun = new Map<number, number>();
  let isStale = true;
  let scannedMs = 0;

  function note(pid: number): void {
    // Last in, last out: the map is in the order of time.
    begun.delete(pid);
    begun.set(pid, nowMs());
    if (begun.size <= limit) return;
    begun.clear();
    isStale = true;
  }

  function drain(): boolean {
    let hasEnded = false;
    events?.drain((event) => {
      if (event.kind === 'began') note(event.pid);
      if (event.kind === 'lost') {
        onLost(event.count);
        isStale = true;
      }
      if (event.kind !== 'ended') return;
      begun.delete(event.pid);
      hasEnded = known.delete(event.pid) || hasEnded;
    });
    return hasEnded;
  }

  /** Whether it is another than was known. */
  function see(pid: number): boolean {
    const before = known.get(pid);
    const process = look(pid);
    if (!process) return known.delete(pid);
    if (!before && known.size >= limit) {
      onDropped();
      return false;
    }
    known.set(pid, process);
    return before?.startTicks !== process.startTicks || before.exe !== process.exe;
  }

  async function seeAll(list: readonly number[]): Promise<boolean> {
    let hasChanged = false;
    for (const [at, pid] of list.entries()) {
      hasChanged = see(pid) || hasChanged;
      if (at % LOOKS_A_TURN === 0) await nextTurn();
    }
    return hasChanged;
  }

  async function rescan(): Promise<boolean> {
    isStale = false;
    scannedMs = nowMs();
    const there = pids();
    const isThere = new Set(there);
    const gone = [...known.keys()].filter((pid) => !isThere.has(pid));
    for (const pid of gone) known.delete(pid);
    return (await seeAll(there)) || gone.length > 0;
  }

  return {
    all: () => [...known.values()],
    async turn() {
      const hasEnded = drain();
      if (isStale || (!events && nowMs() - scannedMs >= RESCAN_MS)) return await rescan();
      const settled = [...begun]
        .filter(([, sinceMs]) => nowMs() - sinceMs >= SETTLED_MS)
        .slice(0, LOOKS_A_TURN)
        .map(([pid]) => pid);
      for (const pid of settled) begun.delete(pid);
      return (await seeAll(settled)) || hasEnded;
    },
  };
}
