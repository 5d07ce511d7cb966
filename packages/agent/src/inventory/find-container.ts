import { readProcess } from '../proc/process.ts';
import { type MainProcess, mainProcess } from './main-process.ts';
import { allPids, lookAtProcess, type RunningProcess } from './running-process.ts';

/** The processes of one container. */
export interface ContainerProcesses {
  readonly id: string;
  readonly processes: readonly RunningProcess[];
  readonly main: MainProcess<RunningProcess>;
}

/** The containers whose ids begin so and that have a process, with all their processes. */
export function containersOf(begin: string): readonly ContainerProcesses[] {
  const pids = allPids().filter((pid) => isWithin(readProcess(pid)?.containerId ?? '', begin));
  const processes = pids.flatMap((pid) => lookAtProcess(pid) ?? []);
  const byId = Map.groupBy(processes, ({ containerId }) => containerId);
  return [...byId].flatMap(([id, members]) => {
    const main = isWithin(id, begin) ? mainProcess(members) : undefined;
    return main ? [{ id, processes: members, main }] : [];
  });
}

/** Pid of the main process of the one container that is meant; `undefined` of none or several. */
export function mainPidOf(begin: string): number | undefined {
  const [one, ...more] = containersOf(begin);
  return more.length > 0 ? undefined : one?.main.process.pid;
}

const isWithin = (id: string, begin: string): boolean => id !== '' && id.startsWith(begin);
