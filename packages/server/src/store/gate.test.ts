import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGate } from './gate.ts';

const never = new AbortController().signal;

test('as many run at a time as the gate is wide, in the order they came', async () => {
  const gate = createGate({ width: 2, waiting: 9 });
  const order: string[] = [];
  let running = 0;
  let most = 0;
  const work = (name: string) => async (): Promise<void> => {
    order.push(name);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  };
  await Promise.all([...'abcdef'].map((name) => gate.run(work(name), never)));
  assert.equal(order.join(''), 'abcdef');
  assert.equal(most, 2);
});

test('one that waits too long a line is turned away and counted', async () => {
  const gate = createGate({ width: 1, waiting: 1 });
  const first = Promise.withResolvers<void>();
  const a = gate.run(() => first.promise, never);
  const b = gate.run(async () => undefined, never);
  await assert.rejects(
    gate.run(async () => undefined, never),
    { code: 'resource_exhausted' },
  );
  first.resolve();
  await Promise.all([a, b]);
  assert.equal(gate.refused, 1);
});

test('one that gives up while it waits leaves the line to the others', async () => {
  const gate = createGate({ width: 1, waiting: 9 });
  const first = Promise.withResolvers<void>();
  const patience = new AbortController();
  const a = gate.run(() => first.promise, never);
  const b = gate.run(async () => 'ran', patience.signal);
  const c = gate.run(async () => 'ran', never);
  patience.abort();
  await assert.rejects(b, { code: 'canceled' });
  first.resolve();
  await a;
  assert.equal(await c, 'ran');
});

test('work that fails makes room', async () => {
  const gate = createGate({ width: 1, waiting: 9 });
  await assert.rejects(
    gate.run(() => Promise.reject(new Error('no')), never),
    /no/,
  );
  assert.equal(await gate.run(async () => 'ran', never), 'ran');
});
