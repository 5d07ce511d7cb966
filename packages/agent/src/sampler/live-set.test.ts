import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLiveSet } from './live-set.ts';

function recorder() {
  const log: string[] = [];
  const open = (number: number): Disposable => {
    if (number >= 90) throw new Error(`no ${number}`);
    log.push(`open ${number}`);
    return { [Symbol.dispose]: () => log.push(`close ${number}`) };
  };
  return { log, open };
}

test('openLiveSet() opens CPUs that come and closes those that go', () => {
  const { log, open } = recorder();
  let online = [0, 1];
  const set = openLiveSet({ list: () => online, open });
  online = [0, 2];
  set.follow();
  online = [0, 1, 2];
  set.follow();
  assert.deepEqual(log, ['open 0', 'open 1', 'close 1', 'open 2', 'open 1']);
  set[Symbol.dispose]();
  assert.deepEqual(new Set(log.slice(5)), new Set(['close 0', 'close 1', 'close 2']));
});

test('openLiveSet() opens anew what has ceased to work', () => {
  const { log, open } = recorder();
  const broken = new Set<string>();
  const set = openLiveSet({
    list: () => [0, 1],
    open: (number) => ({ ...open(number), name: `CPU ${number}` }),
    isLive: ({ name }) => !broken.delete(name),
  });
  broken.add('CPU 1');
  set.follow();
  set.follow();
  assert.deepEqual(log, ['open 0', 'open 1', 'close 1', 'open 1']);
});

test('openLiveSet() goes on without one that cannot be opened, and counts it', () => {
  const { log, open } = recorder();
  const set = openLiveSet({ list: () => [0, 91], open });
  assert.deepEqual(log, ['open 0']);
  assert.equal(set.failures, 1);
});

test('openLiveSet() throws where none can be opened', () => {
  const { open } = recorder();
  assert.throws(() => openLiveSet({ list: () => [90, 91], open }), /no 91/);
  assert.throws(() => openLiveSet({ list: () => [], open }), /got none/);
});
