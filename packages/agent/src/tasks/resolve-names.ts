import { nearestNames, REASONS } from '@kube-eagle/api';
import type { NamedContainer } from '../containers/container-table.ts';
import type { Refusal } from '../profilers/profiler.ts';
import type { TaskRequest } from './task-request.ts';

/** What runs here by name. */
export interface NamedHere {
  /** A running container of Docker. */
  containerNamed(word: string): NamedContainer;
  /** Pid of the main process of the container whose id begins so; `undefined` of none or several. */
  mainPidOf(begin: string): number | undefined;
  /** Pids of the processes of a program or command, and the names that there are. */
  processesNamed(word: string): {
    readonly pids: readonly number[];
    readonly names: readonly string[];
  };
}

/** The names of a task as pids and containers, added to those it has. */
export interface ResolvedNames {
  readonly pids: readonly number[];
  readonly containers: readonly string[];
  /** For each name that means nothing here, or too much, why. */
  readonly refusals: readonly Refusal[];
}

const MAX_SHOWN = 5;

/** Looks names up; what they mean is told apart anew for each task. */
export function resolveNames(task: TaskRequest, here: NamedHere): ResolvedNames {
  const pids = [...task.pids];
  const containers = [...task.containers];
  const refusals: Refusal[] = [];
  for (const word of task.dockerNames) {
    const named = here.containerNamed(word);
    if (named.kind === 'found') containers.push(named.container.id);
    else refusals.push(refusedContainer(word, named));
  }
  for (const word of task.processNames) {
    const found = here.processesNamed(word);
    pids.push(...found.pids);
    if (found.pids.length > 0) continue;
    const message = `no process is called ${word}.${guess(word, found.names)} ${REASONS.no_such_process}`;
    refusals.push({ reason: 'no_such_process', message });
  }
  if (!task.mainOnly) return { pids: [...new Set(pids)], containers, refusals };
  const mains = containers.map((id) => [id, here.mainPidOf(id)] as const);
  const found = mains.flatMap(([, pid]) => pid ?? []);
  // What has none, or could be several, is refused as any other container.
  const rest = mains.flatMap(([id, pid]) => (pid === undefined ? [id] : []));
  return { pids: [...new Set([...pids, ...found])], containers: rest, refusals };
}

function refusedContainer(
  word: string,
  named: Exclude<NamedContainer, { readonly kind: 'found' }>,
): Refusal {
  const names = named.names.slice(0, MAX_SHOWN).join(', ');
  if (named.kind === 'ambiguous') {
    return { reason: 'ambiguous', message: `${word} could be ${names}. ${REASONS.ambiguous}` };
  }
  const what =
    named.names.length > 0
      ? `no container of Docker is called ${word}.${guess(word, named.names)}`
      : `no container of Docker is called ${word}: none is known, see the agent's --docker-socket.`;
  return { reason: 'no_such_container', message: `${what} ${REASONS.no_such_container}` };
}

function guess(word: string, names: readonly string[]): string {
  const nearest = nearestNames(word, names, MAX_SHOWN);
  return nearest.length > 0 ? ` Did you mean ${nearest.join(', ')}?` : '';
}
