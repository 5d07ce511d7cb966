import { EagleError } from '@kube-eagle/profile';
import { type ContainerProcesses, containersOf } from './inventory/find-container.ts';
import { programName } from './inventory/running-process.ts';

/**
 * Looks at the processes of the container whose id begins so. Throws `not_found` where none runs,
 * `invalid_argument` where several could be meant.
 */
export function explainContainer(begin: string): ContainerProcesses {
  const [one, ...more] = containersOf(begin);
  if (!one) {
    throw new EagleError('not_found', `expected a process in a container ${begin}, found none`);
  }
  if (more.length === 0) return one;
  const ids = [one, ...more].map(({ id }) => id.slice(0, 16)).join(', ');
  throw new EagleError('invalid_argument', `${begin} could be ${ids}: write more of the id`);
}

/** The same as lines for people: how the main process was found, then all with their languages. */
export function containerText({ id, processes, main }: ContainerProcesses): string {
  const { language, evidence } = main.process.language;
  const rows = processes.map((process) => {
    const told = `${process.language.language}: ${process.language.evidence}`;
    return `  ${String(process.pid).padStart(8)}  ${programName(process).padEnd(15)}  ${told}`;
  });
  return [
    `container  ${id}`,
    `main       ${main.path.map(({ comm }) => comm).join(' → ')} (pid ${main.process.pid})`,
    `language   ${language}: ${evidence}`,
    '',
    `  ${'PID'.padStart(8)}  ${'PROGRAM'.padEnd(15)}  LANGUAGE`,
    ...rows,
  ]
    .map((line) => `${[...line].map((each) => (each < ' ' ? '?' : each)).join('')}\n`)
    .join('');
}
