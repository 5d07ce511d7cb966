import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { addStack, STACK_BYTES, STATS_BYTES, type StackTables, sumStats } from './ebpf-layout.ts';
import { uint32Bytes } from './ebpf-object.ts';
import { type BpfObject, possibleCpus } from './libbpf.ts';
import type { WindowBuilder } from './window-builder.ts';
import { waitMs } from './window-clock.ts';

/** Stacks moved in one system call: 800 kB, a few milliseconds. */
const BATCH_STACKS = 512;
/** Runs of the program that began before the flip have ended by then. */
const SETTLE_MS = 20;

export interface StackDrain {
  /** Lets the program fill the other map and moves what this one holds into a window. */
  drainInto(builder: WindowBuilder): Promise<void>;
  /** What the program counted since it was loaded. */
  stats(): ReturnType<typeof sumStats>;
}

/** Empties the two maps of stacks in turn, by one set of buffers. */
export function createStackDrain(object: BpfObject, tables: StackTables): StackDrain {
  const maps = [object.map('stacks_0'), object.map('stacks_1')];
  const globals = object.map('.bss');
  const stats = object.map('stats');
  const statsBytes = new Uint8Array(STATS_BYTES * possibleCpus());
  const keys = new Uint8Array(BATCH_STACKS * 8);
  const values = new Uint8Array(BATCH_STACKS * STACK_BYTES);
  const rows = new DataView(values.buffer);
  const cursor = new Uint8Array(8);
  let active = 0;

  return {
    async drainInto(builder) {
      const full = maps[active];
      active = 1 - active;
      globals.update(uint32Bytes(0), uint32Bytes(active));
      await waitMs(SETTLE_MS);
      for (let isFirst = true; full; isFirst = false) {
        const batch = { capacity: BATCH_STACKS, keys, values, cursor, isFirst };
        const { count, isLast } = full.take(batch);
        for (let row = 0; row < count; row++) {
          addStack(rows, row * STACK_BYTES, tables, builder);
        }
        if (isLast) return;
        await yieldToEventLoop();
      }
    },
    stats() {
      stats.lookup(uint32Bytes(0), statsBytes);
      return sumStats(statsBytes);
    },
  };
}
