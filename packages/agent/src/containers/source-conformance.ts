import assert from 'node:assert/strict';
import { type TestOptions, test } from 'node:test';
import type { Container, ContainerChange, ContainerSource } from './container-source.ts';

/** A runtime under test. */
export interface RuntimeUnderTest extends AsyncDisposable {
  readonly source: ContainerSource;
  /** Starts a container; gives its id. */
  start(name: string): Promise<string>;
  stop(id: string): Promise<void>;
  /** Ends the runtime and what runs in it; again, nothing. */
  end(): Promise<void>;
}

/** What every source of containers does, whatever is behind it. */
export function testSource(
  name: string,
  open: () => Promise<RuntimeUnderTest>,
  options: TestOptions = {},
): void {
  test(`${name} tells first what runs, by id, name, image and labels`, options, async () => {
    await using runtime = await open();
    const id = await runtime.start('first');
    const known = await after(runtime.source, (running) => running.has(id));
    const found = known.get(id);
    assert.deepEqual([found?.name, found?.image], ['first', 'kube-eagle.test/sleep:1']);
    assert.equal(found?.labels.get('team'), 'shop');
  });

  test(`${name} tells of containers that start and end later`, options, async () => {
    await using runtime = await open();
    const first = await runtime.start('first');
    let second = '';
    const known = await after(runtime.source, async (running) => {
      if (running.has(first) && second === '') {
        second = await runtime.start('second');
        await runtime.stop(first);
        // Whoever lists only when something new is met sees the end with the next one.
        await runtime.start('third');
      }
      return running.has(second) && !running.has(first);
    });
    assert.equal(known.get(second)?.name, 'second');
  });

  test(`${name} ends when it is told to, and throws when its runtime ends`, options, async () => {
    await using runtime = await open();
    await runtime.start('first');
    const stopping = new AbortController();
    for await (const change of runtime.source.watch(stopping.signal)) {
      assert.equal(change.kind, 'all');
      stopping.abort();
      break;
    }
    await assert.rejects(
      after(runtime.source, async () => {
        await runtime.end();
        return false;
      }),
      { code: 'unavailable' },
    );
  });
}

/** What runs, after the first change that leaves it as wanted. */
async function after(
  source: ContainerSource,
  isWanted: (running: ReadonlyMap<string, Container>) => boolean | Promise<boolean>,
): Promise<ReadonlyMap<string, Container>> {
  const running = new Map<string, Container>();
  const over = new AbortController();
  try {
    for await (const change of source.watch(over.signal)) {
      follow(running, change);
      if (await isWanted(running)) return running;
    }
    throw new Error(`the source ended with ${[...running.keys()].join(', ')}`);
  } finally {
    over.abort();
  }
}

function follow(running: Map<string, Container>, change: ContainerChange): void {
  if (change.kind === 'ended') running.delete(change.id);
  if (change.kind === 'runs') running.set(change.container.id, change.container);
  if (change.kind !== 'all') return;
  running.clear();
  for (const container of change.containers) running.set(container.id, container);
}
