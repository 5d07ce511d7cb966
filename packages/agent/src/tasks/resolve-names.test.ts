import assert from 'node:assert/strict';
import test from 'node:test';
import { type NamedHere, resolveNames } from './resolve-names.ts';
import type { TaskRequest } from './task-request.ts';

const ID = '4f5e'.repeat(16);

/** A machine with containers `web` and `web-2`, two of a like id, and nginx as 7 and 8. */
const HERE: NamedHere = {
  containerNamed(word) {
    if (word === 'aaaa') return { kind: 'ambiguous', names: ['one', 'two'] };
    if (word !== 'web') return { kind: 'none', names: ['web', 'web-2'] };
    const other = { runtime: 'docker', image: '', pod: '', namespace: '' } as const;
    const labels = new Map<string, string>();
    return { kind: 'found', container: { id: ID, name: 'web', ...other, labels } };
  },
  mainPidOf: (begin) => (begin === ID ? 9 : undefined),
  processesNamed: (word) => ({ pids: word === 'nginx' ? [7, 8] : [], names: ['nginx'] }),
};

function resolved(names: Partial<TaskRequest>, here = HERE) {
  const task = { taskId: 't', pids: [8], threads: [], containers: ['beef'], units: [] };
  const ask = { durationMs: 1, rateHz: 1, event: 'cpu', profiler: 'auto', nativeFrames: false };
  const nothing = { dockerNames: [], processNames: [], mainOnly: false };
  return resolveNames({ ...task, ...ask, ...nothing, ...names }, here);
}

test('names become pids and containers, each once', () => {
  assert.deepEqual(resolved({ dockerNames: ['web'], processNames: ['nginx'] }), {
    pids: [8, 7],
    containers: ['beef', ID],
    refusals: [],
  });
});

test('of a container the main process alone is taken where that is asked for', () => {
  assert.deepEqual(resolved({ dockerNames: ['web'], mainOnly: true }), {
    pids: [8, 9],
    containers: ['beef'],
    refusals: [],
  });
});

test('what nothing is called is refused, with what may have been meant', () => {
  const nobody: NamedHere = { ...HERE, containerNamed: () => ({ kind: 'none', names: [] }) };
  const cases = [
    [{ dockerNames: ['db'] }, HERE, 'no_such_container', /called db\. .*eagle targets/],
    [{ dockerNames: ['we'] }, HERE, 'no_such_container', /called we\. Did you mean web, web-2\?/],
    [{ dockerNames: ['web'] }, nobody, 'no_such_container', /none is known, .*--docker-socket/],
    [{ dockerNames: ['aaaa'] }, HERE, 'ambiguous', /aaaa could be one, two\./],
    [{ processNames: ['ngnix'] }, HERE, 'no_such_process', /called ngnix\. Did you mean nginx\?/],
  ] as const;
  for (const [names, here, reason, message] of cases) {
    const [refusal, ...more] = resolved(names, here).refusals;
    assert.deepEqual([refusal?.reason, more], [reason, []]);
    assert.match(refusal?.message ?? '', message);
  }
});
