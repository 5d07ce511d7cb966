import { rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CgroupSearch,
  findContainer,
  findUnit,
} from '../../../packages/agent/src/proc/find-cgroups.ts';
import { readMachineFacts } from '../../../packages/agent/src/sampler/machine-facts.ts';
import type { Check } from './check.ts';
import { group, HIERARCHIES, type Hierarchy, mounted } from './hierarchies.ts';
import { PROGRAMS, start } from './programs.ts';
import {
  hasPid,
  type NamedStack,
  namedStacks,
  openEbpf,
  samplesOf,
  windowsOf,
} from './stacks-of.ts';

/** What a runtime would call a container. */
export const CONTAINER_ID = '0123456789abcdef'.repeat(4);
const UNIT = 'web-shop.service';
const LEAST_SAMPLES = 100;

/** Whether a container and a service are told and filtered by, with both versions of control groups. */
export async function* cgroups(): AsyncGenerator<Check> {
  for (const hierarchy of HIERARCHIES) {
    using _mounted = mounted(hierarchy);
    yield await groupsTold(hierarchy);
  }
}

/** The groups that a search has found; none of them else. */
export const groupsOf = (search: CgroupSearch) => (search.kind === 'found' ? search.groups : []);

async function groupsTold({ version, folder }: Hierarchy): Promise<Check> {
  const container = `${folder}/docker-${CONTAINER_ID}.scope`;
  const service = `${folder}/${UNIT.replace('-', '\\x2d')}`;
  const { contained, served, others } = await sampledIn(container, service);
  // A group can go once its process has.
  await sleep(1_000);
  for (const path of [container, service]) rmdirSync(path);
  return {
    name: `container/ID and unit/NAME, cgroup ${version}`,
    ok:
      Math.min(contained, served) >= LEAST_SAMPLES &&
      others === 0 &&
      readMachineFacts().cgroupVersion === version,
    value: `container ${contained}, unit ${served}, others ${others}`,
  };
}

/** Samples of a process in each of two groups, and all others, where both groups are asked for. */
async function sampledIn(container: string, service: string) {
  using contained = start([`${PROGRAMS}/split`, '600']);
  using served = start([`${PROGRAMS}/beside`, '600']);
  using _other = start([`${PROGRAMS}/outside`, '600']);
  group(container, [contained?.pid ?? 0]);
  group(service, [served?.pid ?? 0]);
  const groups = [findContainer(CONTAINER_ID.slice(0, 6)), findUnit(UNIT)].flatMap(groupsOf);
  if (groups.length !== 2) throw new Error(`expected two groups, got ${JSON.stringify(groups)}`);
  const request = { rateHz: 199, windowMs: 1_000, pids: [], cgroups: groups };
  await using sampler = await openEbpf(request);
  const windows = await windowsOf(sampler, {
    processes: [hasPid(contained?.pid ?? 0), hasPid(served?.pid ?? 0)],
    samples: LEAST_SAMPLES,
  });
  const stacks = await namedStacks(windows);
  const samplesTold = (pid: number | undefined, isToldBy: (stack: NamedStack) => boolean): number =>
    samplesOf(stacks.filter((stack) => stack.pid === pid && isToldBy(stack)));
  const inContainer = samplesTold(
    contained?.pid,
    ({ containerId }) => containerId === CONTAINER_ID,
  );
  const inUnit = samplesTold(served?.pid, ({ unit }) => unit === UNIT);
  const others = samplesOf(stacks) - inContainer - inUnit;
  return { contained: inContainer, served: inUnit, others };
}
