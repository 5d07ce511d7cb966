import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readMachineFacts } from '../../../packages/agent/src/sampler/machine-facts.ts';
import type { Check } from './check.ts';
import { PROGRAMS, start } from './programs.ts';
import { namedStacks, openEbpf, samplesOf, windowsOf } from './stacks-of.ts';

const ROOT = '/sys/fs/cgroup';
const CONTAINER_ID = '0123456789abcdef'.repeat(4);

/** A way that machines mount control groups. */
interface Hierarchy {
  readonly version: 'v1' | 'v2';
  /** Arguments of mount(8). */
  readonly mounts: readonly (readonly string[])[];
  /** Folder that processes are put below. */
  readonly folder: string;
}

const HIERARCHIES: readonly Hierarchy[] = [
  {
    version: 'v1',
    mounts: [
      ['-t', 'tmpfs', 'cgroup', ROOT],
      ['-t', 'cgroup', '-o', 'cpu', 'cgroup', `${ROOT}/cpu`],
    ],
    folder: `${ROOT}/cpu`,
  },
  { version: 'v2', mounts: [['-t', 'cgroup2', 'cgroup2', ROOT]], folder: ROOT },
];

/** Whether a container is known by its control group, with both versions of them. The last one stays. */
export async function* cgroups(): AsyncGenerator<Check> {
  let mounted: readonly string[] = [];
  for (const hierarchy of HIERARCHIES) {
    for (const point of mounted.toReversed()) execFileSync('umount', [point]);
    mounted = hierarchy.mounts.map((mount) => mount.at(-1) ?? '');
    for (const [i, mount] of hierarchy.mounts.entries()) {
      mkdirSync(mounted[i] ?? '', { recursive: true });
      execFileSync('mount', mount);
    }
    yield await containerKnown(hierarchy);
  }
}

async function containerKnown({ version, folder }: Hierarchy): Promise<Check> {
  const group = `${folder}/docker-${CONTAINER_ID}.scope`;
  mkdirSync(group);
  const script = `echo $$ > ${group}/cgroup.procs; exec ${PROGRAMS}/split 600`;
  let samples = 0;
  {
    using _contained = start(['/bin/sh', '-c', script]);
    using _other = start([`${PROGRAMS}/outside`, '600']);
    await using sampler = await openEbpf({ rateHz: 199, windowMs: 1_000, pids: [] });
    const stacks = await namedStacks(
      await windowsOf(sampler, { warmUpMs: 4_000, durationMs: 4_000 }),
    );
    samples = samplesOf(
      stacks.filter(({ comm, containerId }) => comm === 'split' && containerId === CONTAINER_ID),
    );
  }
  // The group can go once its process has.
  await sleep(1_000);
  rmdirSync(group);
  return {
    name: `container known by cgroup ${version}`,
    ok: samples > 50 && readMachineFacts().cgroupVersion === version,
    value: `${samples} samples`,
  };
}
