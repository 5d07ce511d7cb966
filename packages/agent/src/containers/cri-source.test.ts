import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCriSource } from './cri-source.ts';
import { testSource } from './source-conformance.ts';
import { cannotRunContainerd, startContainerd } from './testing/containerd.ts';
import { shortFolder } from './testing/daemon.ts';
import { createUnknownContainers } from './unknown-containers.ts';

const BOUNDS = { timeoutMs: 5_000, maxBytes: 1_000_000, pauseMs: 10, onGarbage: () => {} };
const skip = cannotRunContainerd();

testSource(
  'containerd',
  async () => {
    const containerd = await startContainerd();
    const unknown = createUnknownContainers(100);
    return {
      source: createCriSource({ ...BOUNDS, socketPath: containerd.socketPath, unknown }),
      async start(name) {
        try {
          return await containerd.startPod(name);
        } finally {
          unknown.met(name);
        }
      },
      stop: containerd.stopPod,
      async end() {
        await containerd.stop();
        unknown.met('another');
      },
      [Symbol.asyncDispose]: () => containerd[Symbol.asyncDispose](),
    };
  },
  { skip },
);

test('a container of Kubernetes is known by its pod and namespace', { skip }, async () => {
  await using containerd = await startContainerd();
  const id = await containerd.startPod('web');
  const unknown = createUnknownContainers(1);
  const source = createCriSource({ ...BOUNDS, socketPath: containerd.socketPath, unknown });
  for await (const change of source.watch(new AbortController().signal)) {
    const all = change.kind === 'all' ? change.containers : [];
    assert.deepEqual(
      all.map(({ id: itsId, name, pod, namespace }) => [itsId, name, pod, namespace]),
      [[id, 'web', 'web-pod', 'shop']],
    );
    break;
  }
});

test('a socket that hangs, speaks otherwise or is not there is unavailable', async () => {
  for (const answer of [undefined, 'HTTP/1.1 200 OK\r\n\r\n', '']) {
    using folder = shortFolder();
    const socketPath = join(folder.path, 'sock');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      if (answer !== undefined) socket.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    await assert.rejects(firstOf(socketPath), {
      code: 'unavailable',
      message: /ListContainers of/,
    });
    server.close();
  }
  await assert.rejects(firstOf('/nowhere/sock'), { code: 'unavailable', message: /ENOENT/ });
});

async function firstOf(socketPath: string): Promise<unknown> {
  const unknown = createUnknownContainers(1);
  const source = createCriSource({ ...BOUNDS, timeoutMs: 200, socketPath, unknown });
  for await (const change of source.watch(new AbortController().signal)) return change;
  return undefined;
}
