import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ContainerChange } from './container-source.ts';
import { createDockerSource } from './docker-source.ts';
import { testSource } from './source-conformance.ts';
import { shortFolder } from './testing/daemon.ts';
import { cannotRunDocker, startDocker } from './testing/docker-engine.ts';

const BOUNDS = { timeoutMs: 5_000, maxBytes: 1_000_000, onGarbage: () => {} };
const skip = cannotRunDocker();

testSource(
  'Docker',
  async () => {
    const engine = await startDocker();
    return {
      source: createDockerSource({ ...BOUNDS, socketPath: engine.socketPath }),
      start: (name) => engine.run(['--name', name, '-l', 'team=shop']),
      stop: async (id) => void (await engine.docker('rm', '-f', id)),
      end: engine.stop,
      [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
    };
  },
  { skip },
);

test('a container that is renamed has its new name', { skip }, async () => {
  await using engine = await startDocker();
  const id = await engine.run(['--name', 'before']);
  const source = createDockerSource({ ...BOUNDS, socketPath: engine.socketPath });
  const names: string[] = [];
  for await (const change of source.watch(new AbortController().signal)) {
    if (change.kind === 'all') names.push(...change.containers.map(({ name }) => name));
    if (names.length > 1) break;
    await engine.docker('rename', id, 'after');
  }
  assert.deepEqual(names, ['before', 'after']);
});

const ID = 'ab'.repeat(32);
const named = (name: string) => JSON.stringify([{ Id: ID, Names: ['/other/link', `/${name}`] }]);
const started = (name: string) =>
  `${JSON.stringify({ Action: 'start', Actor: { ID, Attributes: { name, image: 'i' } } })}\n`;

interface Answers {
  readonly list: RequestListener;
  readonly events: RequestListener;
}

/** What is made of a socket that answers so, how often it was no sense, and how it ended. */
async function madeOf({ list, events }: Answers, bounds: Partial<typeof BOUNDS> = {}) {
  using folder = shortFolder();
  const socketPath = join(folder.path, 'sock');
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    (request.url?.startsWith('/events') ? events : list)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  let garbage = 0;
  const onGarbage = (): void => {
    garbage++;
  };
  const source = createDockerSource({ ...BOUNDS, socketPath, onGarbage, ...bounds });
  const changes: ContainerChange[] = [];
  let error: unknown;
  try {
    for await (const change of source.watch(AbortSignal.timeout(10_000))) changes.push(change);
  } catch (thrown) {
    error = thrown;
  }
  server.closeAllConnections();
  server.close();
  return { changes, garbage, message: String(error), asked };
}

test('what is no event is counted and left out, however long it is', async () => {
  const made = await madeOf(
    {
      list: (_request, response) => response.end(named('web')),
      events: (_request, response) => {
        response.write('not json\n{"Action":"start"}\n[]\nnull\n');
        response.write(`"${'x'.repeat(3_000)}`);
        response.write(`${'x'.repeat(3_000)}"\n`);
        // A character that is cut in two by the way it is sent.
        const bytes = Buffer.from(started('wéb'));
        response.write(bytes.subarray(0, bytes.indexOf('é') + 1));
        setTimeout(() => response.end(bytes.subarray(bytes.indexOf('é') + 1)), 20);
      },
    },
    { maxBytes: 2_000 },
  );
  const names = made.changes.flatMap((change) =>
    change.kind === 'all'
      ? change.containers.map(({ name }) => name)
      : change.kind === 'runs'
        ? change.container.name
        : [],
  );
  assert.deepEqual(names, ['web', 'wéb']);
  assert.equal(made.garbage, 5);
  assert.match(made.message, /for ever, they ended/);
  assert.deepEqual(made.asked, ['GET /events', 'GET /containers/json']);
});

test('a list that is too long, late, refused or none ends the watch with why', async () => {
  const silent: RequestListener = (_request, response) => void response.flushHeaders();
  const cases: readonly (readonly [RequestListener, RequestListener, RegExp])[] = [
    [(_q, response) => response.end('['.repeat(5_000)), silent, /at most 2000 bytes/],
    [(_q, response) => response.end('{"a":'), silent, /JSON/],
    [(_q, response) => response.end('{}'), silent, /expected a list of containers/],
    [silent, silent, /timeout|aborted/i],
    [silent, () => {}, /aborted/i],
    [(_q, response) => response.writeHead(500).end('no room'), silent, /got 500: no room/],
  ];
  for (const [list, events, message] of cases) {
    const made = await madeOf({ list, events }, { maxBytes: 2_000, timeoutMs: 200 });
    assert.match(made.message, message);
  }
});

test('containers without a whole id are left out, and texts are cut', async () => {
  const told = [
    { Id: 'short' },
    null,
    { Id: ID, Names: [`/${'n'.repeat(999)}`], Labels: { a: 'b'.repeat(999), c: 7 } },
  ];
  const made = await madeOf({
    list: (_request, response) => response.end(JSON.stringify(told)),
    events: (_request, response) => {
      response.flushHeaders();
      setTimeout(() => response.end(), 100);
    },
  });
  const [all] = made.changes;
  const [container] = all?.kind === 'all' ? all.containers : [];
  assert.equal(made.garbage, 2);
  assert.deepEqual([container?.name.length, container?.labels.get('a')?.length], [256, 256]);
  assert.equal(container?.labels.get('c'), '');
});
