import { existsSync } from 'node:fs';
import type { Limits } from '../limits.ts';
import type { Telemetry } from '../telemetry.ts';
import { containerLabels, type LabelsOfContainer } from './container-labels.ts';
import type { ContainerSource } from './container-source.ts';
import { type ContainerTable, createContainerTable } from './container-table.ts';
import { createCriSource } from './cri-source.ts';
import { createDockerSource } from './docker-source.ts';
import { followContainers } from './follow-containers.ts';
import { createUnknownContainers } from './unknown-containers.ts';

/** The containers of this machine, as far as a runtime names them. */
export interface Containers extends Pick<ContainerTable, 'find' | 'named'> {
  readonly labelsOf: LabelsOfContainer;
  /** Follows the runtimes until `signal` aborts; calls back after every change. */
  follow(onChange: () => void, signal: AbortSignal): Promise<void>;
}

export interface ContainersOptions {
  /** Empty for none. */
  readonly dockerSocket: string;
  /** Empty for none, `auto` for that of this machine. */
  readonly criSocket: string;
  readonly containerLabels: readonly string[];
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly random: () => number;
}

/** Where CRI runtimes listen: containerd, CRI-O, k3s. */
const CRI_SOCKETS = [
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/k3s/containerd/containerd.sock',
] as const;

/** Containers by the sockets that are allowed; nothing is opened yet. */
export function openContainers(options: ContainersOptions): Containers {
  const { limits, telemetry, random, containerLabels: chosen } = options;
  const unknown = createUnknownContainers(limits.containers);
  const table = createContainerTable({
    limit: limits.containers,
    unknown,
    onDropped: () => telemetry.count('containers_dropped'),
  });
  const bounds = {
    timeoutMs: limits.containerAnswerMs,
    maxBytes: limits.containerAnswerBytes,
    onGarbage: () => telemetry.count('container_garbage'),
  };
  const sources: ContainerSource[] = [];
  const { dockerSocket, criSocket } = options;
  if (dockerSocket !== '') {
    sources.push(createDockerSource({ ...bounds, socketPath: dockerSocket }));
  }
  if (criSocket !== '') {
    const socketPath = criSocket === 'auto' ? criSocketHere() : criSocket;
    const pauseMs = limits.containerListPauseMs;
    sources.push(createCriSource({ ...bounds, socketPath, pauseMs, unknown }));
  }
  return {
    ...table,
    labelsOf(id) {
      const container = table.find(id);
      return container ? containerLabels(container, chosen) : [];
    },
    follow: (onChange, signal) =>
      followContainers(
        { sources, table, retryMs: limits.retryMs, telemetry, random, onChange },
        signal,
      ),
  };
}

function criSocketHere(): string {
  return CRI_SOCKETS.find((path) => existsSync(path)) ?? CRI_SOCKETS[0];
}
