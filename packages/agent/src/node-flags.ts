/**
 * How Node is to run the agent. Its data lies in typed arrays outside the heap, so the heap can stay
 * small; without these it grows to some 190 MB for no gain.
 */
export const AGENT_NODE_FLAGS: readonly string[] = [
  '--max-semi-space-size=2',
  '--max-old-space-size=96',
];

/** glibc gives large buffers back to the kernel when they are freed, and keeps few arenas. */
export const AGENT_ENVIRONMENT: Readonly<Record<string, string>> = {
  GLIBC_TUNABLES: 'glibc.malloc.mmap_threshold=131072:glibc.malloc.arena_max=2',
};
