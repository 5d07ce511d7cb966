import assert from 'node:assert/strict';
import test from 'node:test';
import { type AddressBar, createPlaceStore } from './place-store.ts';

/** An address bar in memory that can go back. */
function createBar(first: string): AddressBar & { back(): void; readonly steps: string[] } {
  const steps = [first];
  let moved = (): void => undefined;
  return {
    steps,
    query: () => steps.at(-1) ?? '',
    write(query, how) {
      if (how === 'replace') steps.pop();
      steps.push(query);
    },
    onMove(listener) {
      moved = listener;
    },
    back() {
      steps.pop();
      moved();
    },
  };
}

test('go() writes to the address bar and tells, and not when nothing changes', () => {
  const bar = createBar('?search=a');
  const store = createPlaceStore(bar);
  const told: string[] = [];
  const leave = store.subscribe(() => told.push(store.get().search));
  store.go({ search: 'ab' }, 'replace');
  store.go({ search: 'ab' });
  store.go({ growth: 'flame' });
  leave();
  store.go({ search: '' });
  assert.deepEqual(bar.steps, ['?search=ab', '?growth=flame&search=ab', '?growth=flame']);
  assert.deepEqual(told, ['ab', 'ab']);
});

test('Back brings the earlier place', () => {
  const bar = createBar('');
  const store = createPlaceStore(bar);
  store.go({ zoom: ['main'] });
  store.go({ zoom: ['main', 'work'] });
  bar.back();
  assert.deepEqual(store.get().zoom, ['main']);
  bar.back();
  assert.deepEqual(store.get().zoom, []);
});
