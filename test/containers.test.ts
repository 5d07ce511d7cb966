import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnectTransport } from '@connectrpc/connect-node';
import { createEagleClient, type EagleClient, type RunningContainer } from '@kube-eagle/api';
import {
  cannotRunContainerd,
  startContainerd,
} from '../packages/agent/src/containers/testing/containerd.ts';
import {
  cannotRunDocker,
  startDocker,
} from '../packages/agent/src/containers/testing/docker-engine.ts';
import { findings } from '../packages/agent/src/sampler/findings.ts';
import { eagle, freePort, ROOT, type Running, start, temporaryFolder } from './harness.ts';

const rights = findings().find(({ name, ok }) => name === 'rights' && !ok);
const cannotSample = rights === undefined ? false : `${rights.detail}; ${rights.mend}`;

/** Burns CPU time until it is killed. */
const BUSY = ['/bin/sh', '-c', 'while :; do :; done'] as const;

interface Setting extends AsyncDisposable {
  readonly agent: Running;
  readonly client: EagleClient;
  /** Runs `eagle record WORDS` for a second; gives what it prints. */
  readonly record: (...words: readonly string[]) => Promise<string>;
}

/** A server, and an agent with these flags. */
async function open(...flags: readonly string[]): Promise<Setting> {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(temporaryFolder()).path;
  const url = `http://127.0.0.1:${await freePort()}`;
  const main = (name: string): string => `${ROOT}/packages/${name}/src/main.ts`;
  const port = ['--port', new URL(url).port, '--data', ':memory:', '--node', 'here'];
  const server = resources.use(start('node', [main('server'), ...port]));
  await server.waitFor(/listening/, 60_000);
  const data = ['--data', folder, '--node', 'here', '--rate', '99'];
  const agent = resources.use(start('node', [main('agent'), '--server', url, ...data, ...flags]));
  return {
    agent,
    client: createEagleClient(createConnectTransport({ baseUrl: url, httpVersion: '2' })),
    record: async (...words) =>
      (await eagle(url, ['record', ...words, '-d', '1s', '-o', 'folded'])).output,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A container once the agent has told of it. */
async function told(
  { client }: Setting,
  isWanted: (container: RunningContainer) => boolean,
): Promise<RunningContainer> {
  for (;;) {
    const { nodes } = await client.inventory.listInventories({});
    const found = nodes.flatMap(({ inventory }) => inventory?.containers ?? []).find(isWanted);
    if (found) return found;
    await sleep(100);
  }
}

/** The values of labels of what was recorded of a container. */
async function labelsOf({ client }: Setting, container: string, names: readonly string[]) {
  const selector = `{container="${container}",task_id!=""}`;
  const { labels } = await client.query.labels({ selector, fromMs: 0, toMs: Date.now() });
  return names.map((name) => labels.find((label) => label.name === name)?.values.join(' '));
}

test('containers of Docker are listed, recorded and stored by their names', {
  skip: cannotRunDocker() || cannotSample,
}, async () => {
  await using engine = await startDocker();
  const labels = ['-l', 'com.docker.compose.service=shop', '-l', 'team=blue'];
  await engine.run(['--name', 'web', '--init', ...labels], ...BUSY);
  const sockets = ['--docker-socket', engine.socketPath, '--cri-socket', 'none'];
  await using setting = await open(...sockets, '--container-labels', 'team');
  const { image, language } = await told(setting, ({ name }) => name === 'web');
  assert.deepEqual([image, language], ['kube-eagle.test/sleep:1', 'c/c++']);
  const recorded = await setting.record('docker/web');
  assert.match(recorded, /done, [1-9]\d* samples\n(.*\n)*.*busybox.* \d+\n/);
  const labelled = await labelsOf(setting, 'web', ['image', 'service_name', 'team']);
  assert.deepEqual(labelled, ['kube-eagle.test/sleep:1', 'shop', 'blue']);
  const wrong = await setting.record('docker/wbe');
  assert.match(wrong, /called wbe\. Did you mean web\?.*eagle targets/);
  // Another container of that name is found without being told of.
  await engine.docker('rm', '-f', 'web');
  await engine.run(['--name', 'web', ...labels], ...BUSY);
  const both = await setting.record('docker/web', 'process/busybox', '--main');
  assert.match(both, /done, [1-9]\d* samples/);
});

test('containers of a CRI runtime are known by their pods, without an API server', {
  skip: cannotRunContainerd() || cannotSample,
}, async () => {
  await using containerd = await startContainerd();
  const sockets = ['--docker-socket', 'none', '--cri-socket', containerd.socketPath];
  await using setting = await open(...sockets);
  // It starts later than the agent has listed what runs.
  await setting.agent.waitFor(/"sampling"/, 60_000);
  const id = await containerd.startPod('web', BUSY);
  const container = await told(setting, ({ pod }) => pod === 'web-pod');
  assert.deepEqual([container.id, container.name, container.namespace], [id, 'web', 'shop']);
  assert.match(await setting.record(`container/${id.slice(0, 12)}`), /done, [1-9]\d* samples/);
  const labelled = await labelsOf(setting, 'web', ['pod', 'namespace', 'service_name']);
  assert.deepEqual(labelled, ['web-pod', 'shop', 'web']);
});
