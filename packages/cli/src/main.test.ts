import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { type TestServer, testAnswer, testRoutes, testServer } from './testing.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** An HTTP server on a free port of this machine. */
async function listen(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The services over HTTP; `token` must come with every request where one is given. */
function serve(server: TestServer, token?: string): RequestListener {
  const services = connectNodeAdapter({
    routes: testRoutes(server),
    fallback: async (request, response) => {
      const answer = testAnswer(server, new URL(request.url ?? '', 'http://localhost'));
      response.statusCode = answer.status;
      response.end(await answer.bytes());
    },
  });
  return (request, response) => {
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      const refusal = { code: 'unauthenticated', message: 'expected a token' };
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify(refusal));
    } else services(request, response);
  };
}

/** Starts the command as people do; gives the process and a promise of how it ended. */
function start(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    written.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    written.err += chunk;
  });
  const ended = once(child, 'close').then(([status]) => ({ status: Number(status), ...written }));
  return { child, written, ended };
}

const run = (words: readonly string[], env?: Readonly<Record<string, string>>) =>
  start(words, env).ended;

test('wrong usage ends with 2, data stays off standard output', async () => {
  const { status, out, err } = await run(['query', '-o', 'xml']);
  assert.deepEqual([status, out], [2, '']);
  assert.match(err, /^error: /);
});

test('called as kubectl-eagle, help says kubectl eagle', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eagle-'));
  const link = join(folder, 'kubectl-eagle');
  symlinkSync(MAIN, link);
  const child = spawn(link, ['record', '--help'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let linked = '';
  child.stdout.on('data', (chunk) => {
    linked += chunk;
  });
  await once(child, 'close');
  rmSync(folder, { recursive: true });
  assert.match(linked, /^Usage: kubectl eagle record/);
});

test('a server that is not there is named, with how to start one', async () => {
  const gone = await listen(() => {});
  await gone[Symbol.asyncDispose]();
  for (const words of [
    ['export', '-o', 'folded'],
    ['record', 'host'],
  ]) {
    const { status, out, err } = await run(words, { KUBE_EAGLE_SERVER: gone.url });
    assert.deepEqual([status, out], [1, '']);
    assert.ok(err.startsWith(`error: no server answers at ${gone.url} (ECONNREFUSED)\n`), err);
    assert.match(err, /npm start[\s\S]*--server URL/);
  }
});

test('a server that is something else is told from ours', async () => {
  const garbage: readonly RequestListener[] = [
    (_, response) => response.end('<html>hello</html>'),
    (_, response) => response.writeHead(404).end('nothing here'),
    (_, response) => response.writeHead(200, { 'content-type': 'application/proto' }).end('\xff'),
  ];
  for (const answer of garbage) {
    await using server = await listen(answer);
    for (const words of [['query'], ['record', 'host']]) {
      const { status, out, err } = await run([...words, '--server', server.url]);
      assert.deepEqual([status, out], [1, ''], err);
      assert.match(err, /answers, but not as a kube-eagle server/);
    }
  }
});

test('a connection that breaks is an error, not a stack trace', async () => {
  await using server = await listen((request) => request.socket.destroy());
  const { status, err } = await run(['query', '--server', server.url]);
  assert.equal(status, 1);
  assert.match(err, /^error: the connection to http:.* broke \(E/);
  assert.doesNotMatch(err, /\n {4}at /);
});

test('a token goes with every request, and its lack is explained', async () => {
  await using server = await listen(serve(testServer(), 'secret'));
  const env = { KUBE_EAGLE_SERVER: server.url };
  const refused = await run(['query'], env);
  assert.equal(refused.status, 1);
  assert.match(refused.err, /^error: expected a token\n {2}give it with --token TOKEN/);
  assert.match((await run(['export', '-o', 'folded'], env)).err, /give it with --token TOKEN/);
  const words = ['export', '-o', 'folded', '--from', '2026-03-12', '--to', '2026-03-13'];
  const { out } = await run([...words, '--token', 'secret'], env);
  assert.equal(out, 'main;heavy 7000000\nmain;light 3000000\n');
  const both = await run(['version'], { ...env, KUBE_EAGLE_TOKEN: 'secret' });
  assert.match(both.out, /server {2}1\.2\.3 at http/);
});

test('query writes pictures and files of a real server', async () => {
  await using server = await listen(serve(testServer()));
  const range = ['--from', '2026-03-12', '--to', '2026-03-13', '--server', server.url];
  const flame = await run(['query', ...range], { COLUMNS: '60' });
  assert.match(flame.out, /70\.0 % █████▋ .* heavy/);
  for (const line of flame.out.split('\n')) assert.ok(line.length <= 60, line);
  const folder = mkdtempSync(join(tmpdir(), 'eagle-'));
  const path = join(folder, 'cpu.pb.gz');
  assert.equal((await run(['export', ...range, '-f', path])).status, 0);
  assert.deepEqual([...readFileSync(path)], [31, 139, 8]);
  rmSync(folder, { recursive: true });
  const unwritable = await run(['query', ...range, '-f', join(folder, 'no', 'such.svg')]);
  assert.equal(unwritable.status, 2);
  assert.match(unwritable.err, /^error: cannot write .*such\.svg: ENOENT/);
});

test('Ctrl-C cancels the task, shows what was taken and exits with 130', async () => {
  const cancelled = {
    state: 'cancelled',
    outcomes: [{ node: 'n1', state: 'cancelled', reason: 'cancelled', samples: 40 }],
  };
  const server = testServer({ course: [{ state: 'running' }], cancelled });
  await using http = await listen(serve(server));
  const words = ['record', 'host', '-o', 'folded', '--server', http.url];
  const { child, ended } = start(words);
  await once(child.stderr, 'data');
  child.kill('SIGINT');
  const { status, out, err } = await ended;
  assert.equal(status, 130, err);
  assert.deepEqual(server.cancels, ['t1']);
  assert.match(err, /cancelling t1/);
  assert.equal(out, 'main;heavy 7000000\nmain;light 3000000\n');
});

test('Ctrl-C ends a question that is not answered', async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  await using server = await listen(() => resolve());
  const { child, ended } = start(['query', '--server', server.url]);
  await asked;
  child.kill('SIGINT');
  const { status, err } = await ended;
  assert.deepEqual([status, err], [130, 'error: interrupted\n']);
});

test('a reader that leaves early is no error', async () => {
  await using server = await listen(serve(testServer()));
  const words = ['export', '-o', 'folded', '--server', server.url];
  const { child, ended } = start([...words, '--from', '2026-03-12', '--to', '2026-03-13']);
  child.stdout.destroy();
  const { status, err } = await ended;
  assert.deepEqual([status, err], [0, '']);
});

test('completion scripts are what their shells read', async (t) => {
  const { out } = await run(['completion', 'bash']);
  const ask = `${out}\nCOMP_WORDS=(eagle tasks list --l); COMP_CWORD=3; _eagle; echo "\${COMPREPLY[@]}"`;
  const bash = spawn('bash', ['-c', ask], { stdio: ['ignore', 'pipe', 'inherit'] });
  let offered = '';
  bash.stdout.on('data', (chunk) => {
    offered += chunk;
  });
  await once(bash, 'close');
  assert.equal(offered, '--limit\n');
  for (const name of ['zsh', 'fish']) {
    const script = (await run(['completion', name])).out;
    assert.match(script, /record/);
    assert.match(script, /tasks list|from list/);
    t.diagnostic(`${name}: ${script.length} characters`);
  }
});
