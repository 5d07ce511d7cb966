import { createPairTable } from '../model/pair-table.ts';
import type { Profile } from '../model/profile.ts';

/** The location and stack tables of a request, rows made as stacks are asked for. */
export interface Locations {
  readonly length: number;
  /** Frames of a location, the innermost first. */
  frames(row: number): readonly number[];
  /** Row of the wire's stack table of one of the profile's stacks; 0, the empty one, for -1. */
  stackRow(stack: number): number;
  readonly stackCount: number;
  /** Location numbers of the wire (from 1), the leaf first; `row` counts from 0. */
  stack(row: number): readonly number[];
}

/**
 * A location stands for a frame and what was inlined into it. Inlined frames are chained to their
 * caller's by a pair table: the same chain gives the same location.
 */
export function createLocations({ frames, stacks }: Profile): Locations {
  const chains = createPairTable();
  /** Of each chain: its innermost frame and the chain that frame was inlined into, -1 for none. */
  const innermost: number[] = [];
  const outer: number[] = [];
  /** Chains that are locations, by the number of the location less one. */
  const locations: number[] = [];
  const locationOfChain = new Map<number, number>();
  const stackRows = new Map<number, number>();
  const all: number[][] = [];

  function chainOf(outerChain: number, frame: number): number {
    const chain = chains.intern(outerChain, frame);
    if (chain === innermost.length) {
      innermost.push(frame);
      outer.push(outerChain);
    }
    return chain;
  }

  function locationOf(chain: number): number {
    const known = locationOfChain.get(chain);
    if (known !== undefined) return known;
    const number = locations.push(chain);
    locationOfChain.set(chain, number);
    return number;
  }

  function locationsOf(stack: number): number[] {
    const path: number[] = [];
    for (let row = stack; row >= 0; row = stacks.parent[row] ?? -1) {
      path.push(stacks.frame[row] ?? 0);
    }
    const result: number[] = [];
    let chain = -1;
    for (const frame of path.toReversed()) {
      if (chain >= 0 && frames.inlined[frame] !== 1) {
        result.push(locationOf(chain));
        chain = -1;
      }
      chain = chainOf(chain, frame);
    }
    if (chain >= 0) result.push(locationOf(chain));
    return result.reverse();
  }

  return {
    get length() {
      return locations.length;
    },
    get stackCount() {
      return all.length;
    },
    frames(row) {
      const inside: number[] = [];
      for (let chain = locations[row] ?? -1; chain >= 0; chain = outer[chain] ?? -1) {
        inside.push(innermost[chain] ?? 0);
      }
      return inside;
    },
    stackRow(stack) {
      if (stack < 0) return 0;
      const known = stackRows.get(stack);
      if (known !== undefined) return known;
      const row = all.push(locationsOf(stack));
      stackRows.set(stack, row);
      return row;
    },
    stack: (row) => all[row] ?? [],
  };
}
