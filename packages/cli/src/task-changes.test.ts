import assert from 'node:assert/strict';
import test from 'node:test';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { TaskService } from '@kube-eagle/api';
import { createConnection } from './server/connection.ts';
import { taskChanges } from './task-changes.ts';

/** What a stream says of a task. */
interface Change {
  readonly state: string;
}

/** Watches a task whose stream goes as `streams` say, one after another. */
async function statesOf(streams: readonly (() => AsyncIterable<Change>)[]) {
  let opened = 0;
  const transport = createRouterTransport(({ service }) => {
    service(TaskService, {
      watchTask: () => {
        const stream = streams[Math.min(opened, streams.length - 1)];
        opened++;
        return stream?.() ?? nothing();
      },
    });
  });
  const connection = createConnection({ url: 'http://x', token: undefined }, transport, fetch);
  const states: string[] = [];
  for await (const { state } of taskChanges(connection, 't1', AbortSignal.any([]))) {
    states.push(state);
  }
  return { states, opened };
}

async function* nothing(): AsyncIterable<Change> {}

async function* running(): AsyncIterable<Change> {
  yield { state: 'running' };
  throw new ConnectError('the server restarts', Code.Unavailable);
}

async function* done(): AsyncIterable<Change> {
  yield { state: 'done' };
  yield { state: 'never seen' };
}

async function* refused(): AsyncIterable<Change> {
  yield* nothing();
  throw new ConnectError('no task t1', Code.NotFound);
}

test('taskChanges() opens a broken stream again and stops at the end of the task', async () => {
  assert.deepEqual(await statesOf([running, nothing, done]), {
    states: ['running', 'done'],
    opened: 3,
  });
});

test('taskChanges() does not repeat what the server refuses', async () => {
  await assert.rejects(statesOf([refused]), { code: Code.NotFound });
});
