import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  cannotRunContainerd,
  startContainerd,
} from '../packages/agent/src/containers/testing/containerd.ts';
import {
  cannotRunDocker,
  startDocker,
} from '../packages/agent/src/containers/testing/docker-engine.ts';
import { findings } from '../packages/agent/src/sampler/findings.ts';
import { freePort, ROOT, type Running, run, start, temporaryFolder } from './harness.ts';

const rights = findings().find(({ name, ok }) => name === 'rights' && !ok);
const cannotSample = rights === undefined ? false : `${rights.detail}; ${rights.mend}`;

/** Burns CPU time until it is killed. */
const BUSY = ['/bin/sh', '-c', 'while :; do :; done'] as const;

interface Eagle extends AsyncDisposable {
  readonly agent: Running;
  /** Runs `eagle WORDS`. */
  readonly eagle: (
    ...words: readonly string[]
  ) => Promise<{ status: number | string; output: string }>;
}

/** A server, and an agent with these flags. */
async function startEagle(...flags: readonly string[]): Promise<Eagle> {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(temporaryFolder()).path;
  const url = `http://127.0.0.1:${await freePort()}`;
  const main = (name: string): string => `${ROOT}/packages/${name}/src/main.ts`;
  const port = ['--port', new URL(url).port, '--data', ':memory:', '--node', 'here'];
  const server = resources.use(start('node', [main('server'), ...port]));
  await server.waitFor(/listening/, 30_000);
  const data = ['--data', folder, '--node', 'here', '--rate', '99'];
  const agent = resources.use(start('node', [main('agent'), '--server', url, ...data, ...flags]));
  const eagle: Eagle['eagle'] = (...words) =>
    run('node', [main('cli'), ...words, '--server', url], {
      env: { ...process.env, COLUMNS: '160' },
    });
  return { agent, eagle, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** The output of a command once it matches: what an agent tells takes a moment. */
async function once(
  ask: () => Promise<{ readonly output: string }>,
  pattern: RegExp,
): Promise<string> {
  for (let tries = 0; ; tries++) {
    const { output } = await ask();
    if (pattern.test(output)) return output;
    if (tries === 60) assert.match(output, pattern);
    await sleep(250);
  }
}

test('containers of Docker are listed, recorded and stored by their names', {
  skip: cannotRunDocker() || cannotSample,
}, async () => {
  await using engine = await startDocker();
  const labels = ['-l', 'com.docker.compose.service=shop', '-l', 'team=blue'];
  await engine.run(['--name', 'web', '--init', ...labels], ...BUSY);
  const sockets = ['--docker-socket', engine.socketPath, '--cri-socket', 'none'];
  await using eagle = await startEagle(...sockets, '--container-labels', 'team');
  await once(
    () => eagle.eagle('targets'),
    /^docker\/web +c\/c\+\+ +2 +kube-eagle\.test\/sleep:1$/m,
  );
  const recorded = await eagle.eagle('record', 'docker/web', '-d', '1s', '-o', 'folded');
  assert.match(recorded.output, /done, [1-9]\d* samples/);
  assert.match(recorded.output, /busybox.* \d+$/m);
  const wrong = await eagle.eagle('record', 'docker/wbe', '-d', '1s');
  assert.match(wrong.output, /called wbe\. Did you mean web\?.*eagle targets/);
  // Another container of that name is found without being told of.
  await engine.docker('rm', '-f', 'web');
  await engine.run(['--name', 'web', ...labels], ...BUSY);
  const again = await eagle.eagle('record', 'docker/web', '-d', '1s', '-o', 'folded');
  assert.match(again.output, /done, [1-9]\d* samples/);
  const program = await eagle.eagle('record', 'process/busybox', '-d', '1s', '-o', 'folded');
  assert.match(program.output, /done, [1-9]\d* samples/);
  eagle.agent.child.kill('SIGTERM');
  await eagle.agent.exit;
  for (const [label, value] of [
    ['container', 'web'],
    ['image', 'kube-eagle.test/sleep:1'],
    ['service_name', 'shop'],
    ['team', 'blue'],
  ] as const) {
    const { output } = await eagle.eagle('labels', label, '-l', '{container="web"}');
    assert.equal(output, `${value}\n`);
  }
});

test('containers of a CRI runtime are known by their pods, without an API server', {
  skip: cannotRunContainerd() || cannotSample,
}, async () => {
  await using containerd = await startContainerd();
  const sockets = ['--docker-socket', 'none', '--cri-socket', containerd.socketPath];
  await using eagle = await startEagle(...sockets);
  // It starts later than the agent has listed what runs.
  await eagle.agent.waitFor(/"sampling"/, 30_000);
  const id = await containerd.startPod('web', BUSY);
  await once(
    () => eagle.eagle('targets'),
    new RegExp(`^container/${id.slice(0, 12)} .* shop/web-pod web  kube-eagle`, 'm'),
  );
  eagle.agent.child.kill('SIGTERM');
  await eagle.agent.exit;
  for (const [label, value] of [
    ['pod', 'web-pod'],
    ['namespace', 'shop'],
    ['service_name', 'web'],
  ] as const) {
    const { output } = await eagle.eagle('labels', label, '-l', '{container="web"}');
    assert.equal(output, `${value}\n`);
  }
});
