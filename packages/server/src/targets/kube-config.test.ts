import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { inClusterAccess, readKubeConfig } from './kube-config.ts';
import { createTokenSource } from './kube-token.ts';

const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
after(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o700 });
  return path;
}

let configs = 0;

/** A kubeconfig whose user and cluster have these fields. */
const config = (user: string, cluster = ''): string =>
  written(
    `config-${configs++}`,
    `apiVersion: v1
kind: Config
current-context: here
clusters: [{name: c, cluster: {server: "https://10.0.0.1:6443", certificate-authority: ca.crt${cluster}}}]
users: [{name: u, user: ${user}}]
contexts: [{name: here, context: {cluster: c, user: u, namespace: shop}}]
`,
  );

written('ca.crt', 'CA');

test('readKubeConfig() reads certificates from files beside it and from its text', () => {
  const key = Buffer.from('KEY').toString('base64');
  const path = config(`{client-certificate: ca.crt, client-key-data: ${key}}`);
  const { server, tls, credentials } = readKubeConfig(path);
  assert.equal(server.href, 'https://10.0.0.1:6443/');
  assert.deepEqual(tls, { ca: 'CA', cert: 'CA', key: 'KEY' });
  assert.deepEqual(credentials, { kind: 'none' });
});

test('readKubeConfig() takes a token, or rather a file of one', () => {
  assert.deepEqual(readKubeConfig(config('{token: abc}')).credentials, {
    kind: 'token',
    token: 'abc',
  });
  assert.deepEqual(readKubeConfig(config('{token: abc, tokenFile: t}')).credentials, {
    kind: 'file',
    path: join(folder, 't'),
  });
});

test('readKubeConfig() says what it cannot use', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [join(folder, 'absent'), /--kubeconfig .*absent: ENOENT/],
    [written('bad', '{'), /--kubeconfig/],
    [written('empty', ''), /expected a kubeconfig|clusters/],
    [
      written('other', 'current-context: x\nclusters: []\nusers: []\ncontexts: []'),
      /expected a context "x", there is none/,
    ],
    [config('{username: a, password: b}'), /passwords are not supported/],
    [config('{auth-provider: {name: gcp}}'), /auth-provider and passwords/],
    [config('{}', ', proxy-url: "http://p"'), /proxy-url is not supported/],
    [config('{client-certificate: nowhere.crt}'), /nowhere\.crt/],
  ];
  for (const [path, message] of cases) {
    assert.throws(() => readKubeConfig(path), { code: 'invalid_argument', message });
  }
});

test('a pod finds its cluster by its environment and its service account', () => {
  const directory = join(folder, 'account');
  mkdirSync(directory);
  writeFileSync(join(directory, 'ca.crt'), 'CA');
  const env = { KUBERNETES_SERVICE_HOST: '10.79.0.1', KUBERNETES_SERVICE_PORT: '443' };
  assert.equal(inClusterAccess({}, directory), undefined);
  assert.equal(inClusterAccess(env, directory), undefined);
  writeFileSync(join(directory, 'token'), 't');
  const access = inClusterAccess(env, directory);
  assert.equal(access?.server.href, 'https://10.79.0.1/');
  assert.deepEqual(access?.credentials, { kind: 'file', path: join(directory, 'token') });
});

/** A source of tokens whose time is moved by hand. */
function sourceOf(credentials: Parameters<typeof createTokenSource>[0]) {
  const time = { nowMs: Date.UTC(2026, 2, 12) };
  const source = createTokenSource(credentials, {
    nowMs: () => time.nowMs,
    env: { PATH: '/usr/bin:/bin' },
  });
  return { source, time };
}

test('a token file is read again after a minute, and after a refusal', async () => {
  const path = written('token', 'one\n');
  const { source, time } = sourceOf({ kind: 'file', path });
  assert.equal(await source.get(), 'one');
  written('token', 'two');
  assert.equal(await source.get(), 'one');
  time.nowMs += 60_000;
  assert.equal(await source.get(), 'two');
  written('token', 'three');
  source.refused();
  assert.equal(await source.get(), 'three');
  rmSync(path);
  source.refused();
  await assert.rejects(source.get(), { code: 'unauthenticated' });
});

const PLUGIN = `#!/bin/sh
echo run >> "$COUNT"
case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 3 ;; esac
echo '{"kind":"ExecCredential","status":{"token":"'$1'","expirationTimestamp":"2026-03-12T00:10:00Z"}}'
`;

test('a program that prints tokens is run again just before the end of its token', async () => {
  const command = written('plugin', PLUGIN);
  const count = written('count', '');
  const { credentials } = readKubeConfig(
    config(
      `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, args: [abc], env: [{name: COUNT, value: ${count}}], interactiveMode: Never}}`,
    ),
  );
  assert.ok(credentials.kind === 'exec' && credentials.exec.command === command);
  const { source, time } = sourceOf(credentials);
  assert.deepEqual(await Promise.all([source.get(), source.get()]), ['abc', 'abc']);
  time.nowMs += 9 * 60_000;
  assert.equal(await source.get(), 'abc');
  assert.equal(readFileSync(count, 'utf8'), 'run\n');
  time.nowMs += 50_000;
  await source.get();
  assert.equal(readFileSync(count, 'utf8'), 'run\nrun\n');
});

test('a program that is not there, or prints no token, is named with its hint', async () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: join(folder, 'no-plugin'),
    args: [],
    env: {},
    installHint: 'Install the plugin.',
  };
  await assert.rejects(sourceOf({ kind: 'exec', exec }).source.get(), {
    code: 'unauthenticated',
    message: /no-plugin.*Install the plugin\.$/,
  });
  const silent = { ...exec, command: '/bin/true' };
  await assert.rejects(sourceOf({ kind: 'exec', exec: silent }).source.get(), {
    code: 'unauthenticated',
    message: /expected an ExecCredential with a token/,
  });
});
