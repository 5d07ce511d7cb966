/**
 * Samples what this process's namespaces show, first everything, then one container, and writes it
 * as JSON.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { findContainer } from '../../../packages/agent/src/proc/find-cgroups.ts';
import { readStat } from '../../../packages/agent/src/proc/process.ts';
import type { Cgroup } from '../../../packages/agent/src/sampler/sampler.ts';
import { CONTAINER_ID, groupsOf } from './cgroups.ts';
import { group, mounted, V2 } from './hierarchies.ts';
import { PROGRAMS, start } from './programs.ts';
import { isCalled, type NamedStack, namedStacks, openEbpf, windowsOf } from './stacks-of.ts';

/** What is written. */
export interface SeenInside {
  /** Pid of the process in a namespace below, as it is seen from here. */
  readonly below: number;
  readonly everything: readonly NamedStack[];
  /** Where only the container is asked for. */
  readonly container: readonly NamedStack[];
}

const pidOf = (comm: string): number =>
  readdirSync('/proc')
    .map(Number)
    .find((pid) => pid > 0 && readStat(pid)?.comm === comm) ?? 0;

async function sampled(
  names: readonly string[],
  cgroups: readonly Cgroup[],
): Promise<readonly NamedStack[]> {
  await using sampler = await openEbpf({ rateHz: 199, windowMs: 1_000, pids: [], cgroups });
  const windows = await windowsOf(sampler, {
    processes: names.map(isCalled),
    samples: 100,
  });
  return await namedStacks(windows);
}

// The mount that this process was born with shows the tree from its root.
execFileSync('umount', [V2.folder]);
using _mounted = mounted(V2);
using beside = start([`${PROGRAMS}/beside`, '3600']);
group(`${V2.folder}/docker-${CONTAINER_ID}.scope`, [beside?.pid ?? 0]);
// Not one of this namespace's own, but shown by it.
spawn('/bin/busybox', ['unshare', '--pid', '--fork', `${PROGRAMS}/below`, '3600'], {
  stdio: 'ignore',
});
const everything = await sampled(['beside', 'below'], []);
const container = await sampled(['beside'], groupsOf(findContainer(CONTAINER_ID)));
const seen: SeenInside = { below: pidOf('below'), everything, container };
process.stdout.write(JSON.stringify(seen), () => process.exit(0));
