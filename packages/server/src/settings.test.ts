import assert from 'node:assert/strict';
import test from 'node:test';
import { readSettings, settingsHelp } from './settings.ts';

test('a server without settings is for this machine alone', () => {
  assert.deepEqual(readSettings([], {}), {
    port: 4040,
    host: '127.0.0.1',
    data: './.data',
    web: '',
    tokenFile: '',
    allowAnonymous: false,
    retentionMs: 7 * 24 * 3_600_000,
    node: '',
    kubeconfig: '',
    podLabels: [],
    logLevel: 'info',
  });
});

test('a flag outdoes its twin in the environment', () => {
  const env = { KUBE_EAGLE_PORT: '1', KUBE_EAGLE_RETENTION: '12h', KUBE_EAGLE_TOKEN_FILE: '/t' };
  const settings = readSettings(['--port', '0', '--host', '0.0.0.0'], env);
  assert.deepEqual(
    [settings.port, settings.host, settings.retentionMs, settings.tokenFile],
    [0, '0.0.0.0', 12 * 3_600_000, '/t'],
  );
});

test('an address that others can reach needs a token or the word that it does not', () => {
  assert.throws(() => readSettings(['--host', '0.0.0.0'], {}), {
    code: 'invalid_argument',
    message: /--token-file FILE, or --allow-anonymous/,
  });
  assert.ok(readSettings(['--host', '0.0.0.0', '--allow-anonymous'], {}).allowAnonymous);
  assert.ok(readSettings(['--host', '::'], { KUBE_EAGLE_ALLOW_ANONYMOUS: '1' }).allowAnonymous);
});

test('what cannot be meant is refused by the name of its flag', () => {
  for (const [argv, flag] of [
    [['--port', 'http'], /--port .*expected a number, got "http"/],
    [['--port', '70000'], /--port .*got "70000"/],
    [['--retention', 'long'], /--retention .*got "long"/],
    [['--retention', '1s'], /--retention .*at least 1m/],
    [['--log-level', 'loud'], /--log-level/],
    [['--data', ''], /--data/],
    [['--colour'], /--colour.*See --help/],
    [['somewhere'], /somewhere/],
    [['--port'], /--port/],
  ] as const) {
    assert.throws(() => readSettings(argv, {}), { code: 'invalid_argument', message: flag });
  }
});

test('the help names every flag', () => {
  for (const flag of ['--port', '--host', '--data', '--web', '--token-file', '--retention']) {
    assert.ok(settingsHelp().includes(flag), flag);
  }
});
