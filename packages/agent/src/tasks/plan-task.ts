import type { CgroupDirectory } from '../proc/find-cgroups.ts';
import { AUTO, chooseProfiler, profilerName } from '../profilers/choose-profiler.ts';
import { type ProfiledProcess, readProfiledProcess } from '../profilers/profiled-process.ts';
import type {
  Ask,
  ProcessProfiler,
  Profiler,
  Refusal,
  ResourceClass,
  WideProfiler,
} from '../profilers/profiler.ts';
import type { Subjects } from './find-subjects.ts';

/** A process, and what profiles it. */
export interface Job {
  readonly process: ProfiledProcess;
  readonly profiler: ProcessProfiler;
  readonly why: string;
  readonly holds: ResourceClass | undefined;
}

/** What one profiler takes together. */
export interface WideJob {
  readonly profiler: WideProfiler;
  readonly scope: Pick<Subjects, 'pids' | 'threads' | 'cgroups'>;
  readonly processes: readonly {
    readonly process: ProfiledProcess;
    readonly why: string;
  }[];
}

/** How a task is done here. */
export interface Plan {
  readonly wide: WideJob | undefined;
  readonly jobs: readonly Job[];
  readonly refused: readonly (Refusal & { readonly process: ProfiledProcess })[];
  /** What cannot be done of the task besides. */
  readonly problems: readonly Refusal[];
}

export interface PlanPorts {
  /** In the order that `auto` prefers them. */
  readonly profilers: readonly Profiler[];
  /** The processes in a control group and those below it. */
  readonly processesIn: (group: CgroupDirectory) => readonly number[];
}

/** Processes of one task that profilers are chosen for. */
const MAX_PROCESSES = 256;
const NOTHING = { wide: undefined, jobs: [], refused: [], problems: [] } as const;

/**
 * Chooses a profiler for each process of a task. Where all of them get the one that takes many, it takes
 * the task as it was asked, so that processes that start meanwhile are in it.
 */
export async function planTask(
  { ask, profiler }: { readonly ask: Ask; readonly profiler: string },
  subjects: Subjects,
  ports: PlanPorts,
): Promise<Plan> {
  const { profilers } = ports;
  const name = profilerName(ask, profiler);
  const meant = profilers.filter((each) => name === AUTO || each.name === name);
  if (meant.length === 0) {
    const names = [AUTO, ...profilers.map((each) => each.name)].join(', ');
    const message = `expected a profiler of ${names}, got ${JSON.stringify(name)}`;
    return { ...NOTHING, problems: [{ reason: 'profiler_unfit', message }] };
  }
  const wide = meant.find(
    (each): each is WideProfiler => each.kind === 'wide' && each.events.includes(ask.event),
  );
  const isWhole = subjects.anyRuns === undefined || subjects.threads.length > 0;
  if (isWhole && !wide) {
    const message = `${ask.event} is taken of each process by itself, by ${name}: name processes, containers or services`;
    return { ...NOTHING, problems: [{ reason: 'profiler_unfit', message }] };
  }
  const { processes, problems } = isWhole
    ? { processes: [], problems: [] }
    : await processesOf(subjects, ports);
  if (wide && (isWhole || name !== AUTO || processes.length === 0)) {
    const known = processes.map((process) => ({ process, why: wide.how }));
    return { ...NOTHING, wide: { profiler: wide, scope: subjects, processes: known } };
  }
  const plan = await planEach(processes, ask, { name, profilers });
  const isAlone = plan.wide && plan.jobs.length + plan.refused.length + problems.length === 0;
  if (plan.wide && isAlone) return { ...plan, wide: { ...plan.wide, scope: subjects }, problems };
  return { ...plan, problems };
}

async function processesOf(subjects: Subjects, { processesIn }: PlanPorts) {
  const named = [...new Set([...subjects.pids, ...subjects.cgroups.flatMap(processesIn)])];
  const processes: ProfiledProcess[] = [];
  for (const pid of named.slice(0, MAX_PROCESSES)) {
    const process = await readProfiledProcess(pid);
    if (process) processes.push(process);
  }
  const tooMany: Refusal = {
    reason: 'not_permitted',
    message: `expected at most ${MAX_PROCESSES} processes, got ${named.length}: the rest is left out, name fewer`,
  };
  return { processes, problems: named.length > MAX_PROCESSES ? [tooMany] : [] };
}

async function planEach(
  processes: readonly ProfiledProcess[],
  ask: Ask,
  by: { readonly name: string; readonly profilers: readonly Profiler[] },
): Promise<Omit<Plan, 'problems'>> {
  const jobs: Job[] = [];
  const refused: (Refusal & { process: ProfiledProcess })[] = [];
  const taken: { process: ProfiledProcess; why: string }[] = [];
  let wide: WideProfiler | undefined;
  for (const process of processes) {
    const choice = await chooseProfiler(process, ask, by);
    if (choice.kind === 'none') {
      refused.push({ process, reason: choice.reason, message: choice.message });
    } else if (choice.profiler.kind === 'wide') {
      wide ??= choice.profiler;
      taken.push({ process, why: choice.why });
    } else {
      jobs.push({ ...choice, process, profiler: choice.profiler });
    }
  }
  const scope = { pids: taken.map(({ process }) => process.pid), threads: [], cgroups: [] };
  return { wide: wide && { profiler: wide, scope, processes: taken }, jobs, refused };
}
