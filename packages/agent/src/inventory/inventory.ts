import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Inventory,
  InventorySchema,
  ProcessGroupSchema,
  RunningContainerSchema,
} from '@kube-eagle/api';
import type { Containers } from '../containers/open-containers.ts';
import { mainProcess } from './main-process.ts';
import { programName, type RunningProcess } from './running-process.ts';

/** Bounds of one snapshot: some 500 kB. */
const MAX_CONTAINERS = 1_000;
const MAX_GROUPS = 2_000;

/**
 * A snapshot of what runs here, the same for the same: containers that have a process, by id, and
 * processes by program, container and unit. Asking for a container that has no name yet has it asked for.
 */
export function inventoryOf(
  processes: readonly RunningProcess[],
  containers: Pick<Containers, 'find'>,
): Inventory {
  const running = byKey(processes, ({ containerId }) => containerId)
    .filter(([id]) => id !== '')
    .map(([id, members]) => runningContainer(id, members, containers));
  const groups = byKey(processes, groupKey).map(([, members]) => processGroup(members));
  return create(InventorySchema, {
    containers: running.slice(0, MAX_CONTAINERS),
    processes: groups.slice(0, MAX_GROUPS),
    leftOut: Math.max(0, running.length - MAX_CONTAINERS) + Math.max(0, groups.length - MAX_GROUPS),
  });
}

function runningContainer(
  id: string,
  members: readonly RunningProcess[],
  containers: Pick<Containers, 'find'>,
): MessageInitShape<typeof RunningContainerSchema> {
  const { runtime, name, image, pod, namespace } = containers.find(id) ?? NAMELESS;
  const language = mainProcess(members)?.process.language.language ?? '';
  return create(RunningContainerSchema, { id, runtime, name, image, pod, namespace, language });
}

function processGroup(
  members: readonly RunningProcess[],
): MessageInitShape<typeof ProcessGroupSchema> {
  const [first] = [...members].sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
  if (!first) return {};
  const { comm, containerId, unit, language, pid } = first;
  return create(ProcessGroupSchema, {
    ...{ name: programName(first), comm, containerId, unit, pid },
    language: language.language,
    count: members.length,
  });
}

const NAMELESS = { runtime: '', name: '', image: '', pod: '', namespace: '' };

const groupKey = (process: RunningProcess): string => {
  const { comm, containerId, unit, language } = process;
  return [containerId, unit, programName(process), comm, language.language].join('\0');
};

/** Processes by a key, the keys sorted. */
function byKey(processes: readonly RunningProcess[], keyOf: (process: RunningProcess) => string) {
  const groups = Map.groupBy(processes, keyOf);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
