import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cannotRunDocker, startDocker } from './containers/testing/docker-engine.ts';
import { containerText, explainContainer } from './explain-container.ts';
import { mainPidOf } from './inventory/find-container.ts';

test('a container is explained by its main process, seen through what started it', {
  skip: cannotRunDocker(),
}, async () => {
  await using engine = await startDocker();
  const script = ['/bin/sh', '-c', 'sleep 600 & wait'];
  const id = await engine.run(['--init'], ...script);
  const wanted = /^main {7}docker-init → sh → sleep \(pid (\d+)\)$/m;
  while (!wanted.test(containerText(explainContainer(id.slice(0, 12))))) await sleep(20);
  const text = containerText(explainContainer(id));
  assert.equal(Number(wanted.exec(text)?.[1]), mainPidOf(id));
  assert.match(text, new RegExp(`^container {2}${id}$`, 'm'));
  assert.match(text, /^language {3}c\/c\+\+: native, without marks of another language$/m);
  assert.match(text, /^ +\d+ {2}busybox +c\/c\+\+: native/m);
});

test('a container that has no process is not found', () => {
  assert.throws(() => explainContainer('0'.repeat(64)), { code: 'not_found' });
  assert.equal(mainPidOf('0'.repeat(64)), undefined);
});
