import { programName, type RunningProcess } from './running-process.ts';

/** Programs that are there to start others and wait for them, by their name or that of their script. */
const WRAPPER =
  /^(?:(?:ba|da|a|z|k)?sh|tini(?:-static)?|dumb-init|docker-init|catatonit|supervisord|s6-.*|runsv(?:dir)?|su(?:do|-exec)?|gosu|env|nice|setsid|timeout|pause)$/;

/** The process that a container is there for. */
export interface MainProcess<T> {
  readonly process: T;
  /** From the container's first process to it: each but the last is a wrapper. */
  readonly path: readonly T[];
}

type Seen = Pick<RunningProcess, 'pid' | 'parentPid' | 'startTicks' | 'exe' | 'comm'>;

/** Whether a process only starts others. A shell that starts a loop of its own is no less one. */
export function isWrapper(process: Pick<RunningProcess, 'exe' | 'comm'>): boolean {
  return WRAPPER.test(programName(process)) || WRAPPER.test(process.comm);
}

/**
 * The main process of those of one container: the first, and where that is a wrapper, the first that
 * it has started, as far as it goes. What `docker exec` brought in later is left out. `undefined` of
 * none.
 */
export function mainProcess<T extends Seen>(processes: readonly T[]): MainProcess<T> | undefined {
  const sorted = [...processes].sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
  const pids = new Set(processes.map(({ pid }) => pid));
  const path: T[] = [];
  let at = sorted.find(({ parentPid }) => !pids.has(parentPid));
  while (at) {
    path.push(at);
    const { pid } = at;
    const started = sorted.filter(({ parentPid }) => parentPid === pid);
    if (!isWrapper(at)) break;
    at = started.find((each) => !isWrapper(each)) ?? started[0];
  }
  const process = path.at(-1);
  return process && { process, path };
}
