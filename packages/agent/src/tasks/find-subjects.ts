import { REASONS, type Reason } from '@kube-eagle/api';
import type { CgroupDirectory, CgroupSearch } from '../proc/find-cgroups.ts';
import type { Refusal } from '../profilers/profiler.ts';
import { type NamedHere, resolveNames } from './resolve-names.ts';
import type { TaskRequest } from './task-request.ts';

/** What runs on this machine, as far as tasks ask. */
export interface RunningHere extends NamedHere {
  /** When a process or thread began, in ticks after boot; `undefined` once it is gone. */
  startTicks(pid: number): number | undefined;
  findContainer(begin: string): CgroupSearch;
  findUnit(unit: string): CgroupSearch;
  /** Whether a control group is still the same. */
  isThere(group: CgroupDirectory): boolean;
  /** The processes in a control group and those below it. */
  processesIn(group: CgroupDirectory): readonly number[];
}

/** What a task asks for, as it was found. */
export interface Subjects {
  readonly pids: readonly number[];
  readonly threads: readonly number[];
  readonly cgroups: readonly CgroupDirectory[];
  /** Why something of it cannot be had; empty where all was found. */
  readonly refusals: readonly Refusal[];
  /** Whether any of it still runs; `undefined` for the whole host, which does not end. */
  readonly anyRuns: (() => boolean) | undefined;
}

const MAX_SHOWN = 10;
const SHORT_ID = 16;

/** Looks for what a task asks for. */
export function findSubjects(task: TaskRequest, here: RunningHere): Subjects {
  const names = resolveNames(task, here);
  const processes = split(names.pids, here);
  const threads = split(task.threads, here);
  const containers = names.containers.map((id) =>
    searched(`container ${id}`, here.findContainer(id)),
  );
  const units = task.units.map((unit) => searched(unit, here.findUnit(unit)));
  const cgroups = [...containers, ...units].flatMap(({ groups }) => groups);
  const began = [...processes.there, ...threads.there];
  return {
    pids: processes.there.map(({ pid }) => pid),
    threads: threads.there.map(({ pid }) => pid),
    cgroups,
    refusals: [
      ...names.refusals,
      ...missing('process', processes.missing),
      ...missing('thread', threads.missing),
      ...containers.flatMap(({ subject, search }) => refused(subject, search, 'no_such_container')),
      ...units.flatMap(({ subject, search }) => refused(subject, search, 'no_such_unit')),
    ],
    anyRuns: isForHost(task)
      ? undefined
      : () =>
          began.some(({ pid, ticks }) => here.startTicks(pid) === ticks) ||
          cgroups.some(here.isThere),
  };
}

/** Whether a task names nothing, and so means the whole host. */
function isForHost(task: TaskRequest): boolean {
  const { pids, threads, containers, units, dockerNames, processNames } = task;
  return [pids, threads, containers, units, dockerNames, processNames].every(
    ({ length }) => length === 0,
  );
}

function split(pids: readonly number[], here: RunningHere) {
  const all = pids.map((pid) => ({ pid, ticks: here.startTicks(pid) }));
  return {
    there: all.filter(({ ticks }) => ticks !== undefined),
    missing: all.filter(({ ticks }) => ticks === undefined).map(({ pid }) => pid),
  };
}

function searched(subject: string, search: CgroupSearch) {
  return { subject, search, groups: search.kind === 'found' ? search.groups : [] };
}

function missing(what: string, pids: readonly number[]): readonly Refusal[] {
  if (pids.length === 0) return [];
  const message = `no ${what} ${pids.slice(0, MAX_SHOWN).join(', ')}. ${REASONS.no_such_process}`;
  return [{ reason: 'no_such_process', message }];
}

function refused(subject: string, search: CgroupSearch, none: Reason): readonly Refusal[] {
  switch (search.kind) {
    case 'found':
      return [];
    case 'none':
      return [{ reason: none, message: `no ${subject}. ${REASONS[none]}` }];
    case 'ambiguous': {
      const names = search.names.slice(0, MAX_SHOWN).map((name) => name.slice(0, SHORT_ID));
      const message = `${subject} could be ${names.join(', ')}. ${REASONS.ambiguous}`;
      return [{ reason: 'ambiguous', message }];
    }
    case 'unseen':
      return [
        {
          reason: 'not_permitted',
          message: `expected the directory of ${subject} below the mounted control groups, it is not there: run the agent in the host's cgroup namespace, with its /sys/fs/cgroup`,
        },
      ];
  }
}
