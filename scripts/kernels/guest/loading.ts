import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Check } from './check.ts';
import { openEbpf } from './stacks-of.ts';

/** What the kernel says of each of this process's BPF programs (5.16 and later), the longest first. */
function verifiedInstructions(): readonly number[] {
  return readdirSync('/proc/self/fd')
    .filter((fd) => isProgram(fd))
    .map((fd) => readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))
    .map((text) => Number(/^verified_insns:\s*(\d+)/m.exec(text)?.[1] ?? 0))
    .filter((count) => count > 0)
    .toSorted((a, b) => b - a);
}

function isProgram(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).includes('bpf-prog');
  } catch {
    return false;
  }
}

/** Whether the object loads, how long it takes, and how far the verifier went. */
export async function* loading(): AsyncGenerator<Check> {
  const startedMs = performance.now();
  await using sampler = await openEbpf({ rateHz: 19, windowMs: 10_000, pids: [] });
  const tookMs = Math.round(performance.now() - startedMs);
  yield { name: 'loads and attaches, ms', ok: sampler.scope !== '', value: String(tookMs) };
  const instructions = verifiedInstructions();
  const value = instructions.length > 0 ? instructions.join(', ') : 'not told';
  yield { name: 'instructions verified', ok: true, value };
}
