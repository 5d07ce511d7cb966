import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { EagleError } from '@kube-eagle/profile';
import { type Container, type ContainerSource, soundContainer } from './container-source.ts';
import type { SourceOptions } from './docker-source.ts';
import { RuntimeService, type Container as Told } from './gen/runtime/v1/api_pb.ts';
import type { UnknownContainers } from './unknown-containers.ts';

export interface CriOptions extends SourceOptions {
  /** Why to list again. */
  readonly unknown: Pick<UnknownContainers, 'times' | 'bell'>;
  /** Least time between two lists. */
  readonly pauseMs: number;
}

/** CONTAINER_RUNNING of the interface. */
const RUNNING = 1;

/**
 * Containers by the Container Runtime Interface (runtime.v1) of containerd or CRI-O: one list, and
 * another whenever a container is met that none of them had. The interface has a stream of events,
 * but in CRI-O and containerd 1.7 all readers share it: what the agent read, the kubelet would miss.
 */
export function createCriSource(options: CriOptions): ContainerSource {
  const { unknown, pauseMs } = options;
  return {
    runtime: 'cri',
    async *watch(signal) {
      while (!signal.aborted) {
        const { times } = unknown;
        yield { kind: 'all', containers: await list(options, signal) };
        while (unknown.times === times && !signal.aborted) await unknown.bell.wait(signal);
        await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {});
      }
    },
  };
}

const ORIGIN = 'http://localhost';

/** One list over a connection of its own: lists are rare. */
async function list(options: CriOptions, signal: AbortSignal): Promise<readonly Container[]> {
  const { socketPath, timeoutMs, maxBytes, onGarbage } = options;
  const session = http2.connect(ORIGIN, { createConnection: () => net.connect(socketPath) });
  // The request on it tells; without a listener whoever answers otherwise would end the process.
  session.on('error', () => {});
  const transport = createGrpcTransport({
    baseUrl: ORIGIN,
    sessionManager: {
      authority: ORIGIN,
      request: async (method, path, headers) =>
        session.request({ ...headers, ':method': method, ':path': path }),
      notifyResponseByteRead() {},
    },
    readMaxBytes: maxBytes,
    defaultTimeoutMs: timeoutMs,
  });
  try {
    const filter = { state: { state: RUNNING } };
    const client = createClient(RuntimeService, transport);
    const { containers } = await client.listContainers({ filter }, { signal });
    return containers.flatMap((told) => {
      const container = containerOf(told);
      if (!container) onGarbage();
      return container ?? [];
    });
  } catch (error) {
    throw explained(error, socketPath);
  } finally {
    session.destroy();
  }
}

function containerOf({ id, metadata, image, imageRef, labels }: Told): Container | undefined {
  return soundContainer('cri', {
    id,
    name: metadata?.name,
    image: image?.userSpecifiedImage || image?.image || imageRef,
    labels,
  });
}

function explained(error: unknown, socketPath: string): EagleError {
  const { code, rawMessage } = ConnectError.from(error);
  const isRefused = code === Code.PermissionDenied || /EACCES|EPERM/.test(rawMessage);
  return new EagleError(
    isRefused ? 'permission_denied' : 'unavailable',
    `ListContainers of ${socketPath}: ${rawMessage}`,
    { cause: error },
  );
}
