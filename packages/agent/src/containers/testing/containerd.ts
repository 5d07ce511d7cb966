import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';

import * as grpc from '@grpc/grpc-js';
import * as cri from '../gen/runtime/v1/run_pb.ts';
import { cannotRunDaemon, shortFolder, startDaemon } from './daemon.ts';
import { TEST_IMAGE, writeImageArchive } from './image-archive.ts';

/** containerd with pods of a test. */
export interface Containerd extends AsyncDisposable {
  readonly socketPath: string;
  /**
   * Starts a pod `NAME-pod` in namespace `shop` with one container, which sleeps unless a command is
   * given; gives the container's id.
   */
  startPod(name: string, command?: readonly string[]): Promise<string>;
  /** Ends the pod of a container. */
  stopPod(containerId: string): Promise<void>;
  /** Ends its pods, then itself. */
  stop(): Promise<void>;
}

/** NamespaceMode NODE: no network plugin is needed. */
const HOST_NETWORK = 2;

/** Why containerd cannot be started here; `false` where it can. */
export const cannotRunContainerd = (): string | false =>
  cannotRunDaemon('containerd', 'ctr', 'runc', '/bin/busybox');

/** Starts a containerd that serves the CRI and has the image of tests. */
export async function startContainerd(): Promise<Containerd> {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(shortFolder()).path;
  const socketPath = join(folder, 'sock');
  writeFileSync(join(folder, 'config.toml'), configOf(folder));
  const daemon = await startDaemon(
    join(folder, 'log'),
    ['containerd', '-c', join(folder, 'config.toml')],
    () => existsSync(socketPath),
  );
  mkdirSync(join(folder, 'image'));
  const image = writeImageArchive(join(folder, 'image'));
  const load = ['-n', 'k8s.io', 'images', 'import', '--snapshotter', 'native', image];
  execFileSync('ctr', ['-a', socketPath, ...load], { stdio: 'pipe' });
  const client = new grpc.Client(`unix:${socketPath}`, grpc.credentials.createInsecure());
  const pods = new Map<string, string>();
  const stopPod = async (id: string): Promise<void> => {
    const podSandboxId = pods.get(id) ?? '';
    pods.delete(id);
    for (const method of ['StopPodSandbox', 'RemovePodSandbox']) {
      const request = create(cri.PodSandboxRequestSchema, { podSandboxId });
      await call(client, method, [cri.PodSandboxRequestSchema, request], NOTHING);
    }
  };
  const stop = async (): Promise<void> => {
    if (daemon.hasEnded()) return;
    for (const id of pods.keys()) await stopPod(id);
    await daemon.stop();
  };
  return {
    socketPath,
    stopPod,
    async startPod(name, command = []) {
      const { podId, containerId } = await startPod(client, folder, name, command);
      pods.set(containerId, podId);
      return containerId;
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      client.close();
      await resources.disposeAsync();
    },
  };
}

const configOf = (folder: string): string => `
version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${folder}/sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${TEST_IMAGE}"
  restrict_oom_score_adj = true
  disable_tcp_service = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
`;

async function startPod(
  client: grpc.Client,
  folder: string,
  name: string,
  command: readonly string[],
) {
  const security = { namespaceOptions: { network: HOST_NETWORK } };
  const sandboxConfig = {
    metadata: { name: `${name}-pod`, uid: `uid-${name}`, namespace: 'shop' },
    logDirectory: folder,
    linux: { cgroupParent: '/kube-eagle-test', securityContext: security },
  };
  const sandbox = create(cri.RunPodSandboxRequestSchema, { config: sandboxConfig });
  const { podSandboxId: podId } = await call(
    client,
    'RunPodSandbox',
    [cri.RunPodSandboxRequestSchema, sandbox],
    cri.RunPodSandboxResponseSchema,
  );
  const labels = {
    'io.kubernetes.container.name': name,
    'io.kubernetes.pod.name': `${name}-pod`,
    'io.kubernetes.pod.namespace': 'shop',
    team: 'shop',
  };
  const config = {
    metadata: { name },
    image: { image: TEST_IMAGE },
    command: [...command],
    labels,
  };
  const container = create(cri.CreateContainerRequestSchema, {
    ...{ podSandboxId: podId, config, sandboxConfig },
  });
  const { containerId } = await call(
    client,
    'CreateContainer',
    [cri.CreateContainerRequestSchema, container],
    cri.CreateContainerResponseSchema,
  );
  const start = create(cri.StartContainerRequestSchema, { containerId });
  await call(client, 'StartContainer', [cri.StartContainerRequestSchema, start], NOTHING);
  return { podId, containerId };
}

/** Answers without fields that matter. */
const NOTHING = cri.StartContainerRequestSchema;

function call<Request extends DescMessage, Response extends DescMessage>(
  client: grpc.Client,
  method: string,
  [requestType, request]: readonly [Request, MessageShape<Request>],
  responseType: Response,
): Promise<MessageShape<Response>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/runtime.v1.RuntimeService/${method}`,
      (message: MessageShape<Request>) => Buffer.from(toBinary(requestType, message)),
      (bytes: Buffer) => fromBinary(responseType, bytes),
      request,
      (error, answer) => (error || !answer ? reject(error) : resolve(answer)),
    );
  });
}
