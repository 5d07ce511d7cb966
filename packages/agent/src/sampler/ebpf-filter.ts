import type { SampleRequest } from './sampler.ts';

/** `enum choice_kind` of bpf/layout.h. */
const KIND = { process: 1, thread: 2, unified: 4, pids: 8 } as const;

/** What the program is told of a request before it is loaded, and what it looks tasks up in. */
export interface EbpfFilter {
  /** The kinds of choices, as bits: the constant `filters`. */
  readonly kinds: number;
  /** `struct choice` for each: the keys of the map `chosen`. */
  readonly choices: readonly Uint8Array[];
}

/** The filter of a request; without choices for the whole host. */
export function ebpfFilter({ pids, threads = [], cgroups = [] }: SampleRequest): EbpfFilter {
  const choices = [
    ...pids.map((id) => ({ id, kind: KIND.process })),
    ...threads.map((id) => ({ id, kind: KIND.thread })),
    ...cgroups.map(({ id, hierarchy }) => ({ id, kind: KIND[hierarchy] })),
  ];
  return {
    kinds: choices.reduce((bits, { kind }) => bits | kind, 0),
    choices: choices.map(({ id, kind }) => {
      const bytes = Buffer.alloc(16);
      bytes.writeBigUInt64LE(BigInt(id), 0);
      bytes.writeUInt32LE(kind, 8);
      return bytes;
    }),
  };
}
