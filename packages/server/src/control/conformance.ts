import assert from 'node:assert/strict';
import test from 'node:test';
import { create } from '@bufbuild/protobuf';
import { AgentSchema, type Task, TaskSchema } from '@kube-eagle/api';
import type { ControlStore } from './control-store.ts';

/** What every control store must do. `open` gives an empty one, or one with what was kept. */
export function controlStoreConformance(
  name: string,
  open: () => Promise<ControlStore>,
  reopen: ((store: ControlStore) => Promise<ControlStore>) | undefined,
): void {
  test(`${name}: a task is found as it was last saved`, async () => {
    await using store = await open();
    await store.addTask(taskOf('a', 1));
    await store.saveTask(taskOf('a', 1, { state: 'running' }));
    assert.equal((await store.findTask('a'))?.state, 'running');
    assert.equal(await store.findTask('b'), undefined);
  });

  test(`${name}: one idempotency key is one task, an empty one is none`, async () => {
    await using store = await open();
    await store.addTask(taskOf('a', 1, { key: 'k' }));
    assert.equal((await store.addTask(taskOf('b', 2, { key: 'k' }))).id, 'a');
    assert.equal(await store.findTask('b'), undefined);
    assert.equal((await store.addTask(taskOf('c', 3))).id, 'c');
    assert.equal((await store.addTask(taskOf('d', 4))).id, 'd');
  });

  test(`${name}: tasks come newest first, open ones alone if asked`, async () => {
    await using store = await open();
    await store.addTask(taskOf('a', 1));
    await store.addTask(taskOf('b', 3));
    await store.addTask(taskOf('c', 2));
    await store.saveTask(taskOf('b', 3, { state: 'failed' }));
    const ids = async (limit: number, onlyOpen: boolean) =>
      (await store.tasks({ limit, open: onlyOpen })).map(({ id }) => id);
    assert.deepEqual(await ids(10, false), ['b', 'c', 'a']);
    assert.deepEqual(await ids(2, false), ['b', 'c']);
    assert.deepEqual(await ids(10, true), ['c', 'a']);
  });

  test(`${name}: the agents last seen come by id`, async () => {
    await using store = await open();
    for (const [id, lastSeenMs] of [
      ['x', 3],
      ['b', 1],
      ['a', 2],
      ['x', 4],
    ] as const) {
      const agent = create(AgentSchema, { id, node: `node-${lastSeenMs}` });
      await store.saveAgent({ agent, lastSeenMs });
    }
    const seen = (await store.agents(2)).map(({ agent, lastSeenMs }) => [agent.node, lastSeenMs]);
    assert.deepEqual(seen, [
      ['node-2', 2],
      ['node-4', 4],
    ]);
  });

  if (!reopen) return;
  test(`${name}: tasks and agents are there after a restart`, async () => {
    const first = await open();
    await first.addTask(taskOf('a', 1, { key: 'k' }));
    await first.saveAgent({ agent: create(AgentSchema, { id: 'x' }), lastSeenMs: 1 });
    await using store = await reopen(first);
    assert.equal((await store.addTask(taskOf('b', 2, { key: 'k' }))).id, 'a');
    assert.equal((await store.agents(1)).length, 1);
  });
}

function taskOf(
  id: string,
  createdMs: number,
  { state = 'queued', key = '' }: { readonly state?: string; readonly key?: string } = {},
): Task {
  return create(TaskSchema, {
    id,
    createdMs,
    state,
    spec: { targets: ['host'], idempotencyKey: key },
  });
}
