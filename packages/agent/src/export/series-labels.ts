import { type Labels, labelsOf } from '@kube-eagle/profile';
import type { LabelsOfContainer } from '../containers/container-labels.ts';
import type { Process } from '../sampler/sampler.ts';

/** What the samples of a window have in common. */
export interface Origin {
  readonly node: string;
  /** Name of the sampler's driver, or of the profiler. */
  readonly profiler: string;
  /** Empty for continuous profiles. */
  readonly taskId: string;
  /** What a process is written in; absent where nobody looked. */
  readonly languageOf?: (pid: number) => string;
}

/** Threads of the kernel are one process: there are hundreds, and their names change. */
const KERNEL = 'kernel';
const SHORT_ID = 12;

/**
 * The labels of a process's series. None tells pids apart, so that series stay few: two processes
 * of one program in one container or unit are one series. A kernel thread is `kernel`.
 */
export function seriesLabels(
  process: Process,
  isKernel: boolean,
  origin: Origin,
  labelsOfContainer: LabelsOfContainer,
): Labels {
  const { comm, exe, containerId, unit } = process;
  const name = isKernel ? KERNEL : exe.slice(exe.lastIndexOf('/') + 1) || comm || 'unknown';
  return labelsOf([
    ['service_name', containerId.slice(0, SHORT_ID) || unit.replace(/\.[a-z]+$/, '') || name],
    ...(containerId === '' ? [] : labelsOfContainer(containerId)),
    ['process', name],
    ['container_id', containerId],
    ['unit', unit],
    ['language', origin.languageOf?.(process.pid) ?? ''],
    ['node', origin.node],
    ['profiler', origin.profiler],
    ['task_id', origin.taskId],
  ]);
}
