import assert from 'node:assert/strict';
import test from 'node:test';
import { diagnose } from './doctor.ts';
import { ingestUrl, readSettings } from './settings.ts';

test('flags go before the environment, and that before what is usual', () => {
  const env = { KUBE_EAGLE_SERVER: 'http://eagle:4040', NODE_NAME: 'n1' };
  const settings = readSettings(['--node', 'n2'], env);
  assert.equal(settings.server.href, 'http://eagle:4040/');
  assert.equal(settings.node, 'n2');
  assert.equal(settings.rateHz, 19);
  assert.equal(settings.command, 'run');
  assert.equal(readSettings([], env).node, 'n1');
  assert.deepEqual(
    [readSettings(['doctor', '-o', 'json'], {})].map(({ command, output }) => [command, output]),
    [['doctor', 'json']],
  );
});

test('what cannot be is refused by the name of its flag', () => {
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [/--rate: .*got "0"/, '--rate', '0'],
    [/--rate: .*got "1001"/, '--rate', '1001'],
    [/--rate: .*got "19.5"/, '--rate', '19.5'],
    [/--server: .*got "ftp:/, '--server', 'ftp://eagle'],
    [/--server: .*got "nope"/, '--server', 'nope'],
    [/--data: /, '--data', ''],
    [/--colour/, '--colour', 'red'],
    [/expected run, doctor, doctor pid\/N or doctor container\/ID, got "walk"/, 'walk'],
  ];
  for (const [message, ...argv] of cases) {
    assert.throws(() => readSettings(argv, {}), { code: 'invalid_argument', message });
  }
});

test('a server may lie below a path', () => {
  const url = ingestUrl(new URL('https://gate/eagle/'));
  assert.equal(url.href, 'https://gate/eagle/v1development/profiles');
});

test('a diagnosis exits with 1 where something is to be mended', () => {
  const good = { name: 'btf', ok: true, detail: 'there', mend: '' };
  const bad = { name: 'rights', ok: false, detail: 'uid 1000', mend: 'run as root' };
  assert.equal(diagnose([good], 'text').status, 0);
  const { text, status } = diagnose([good, bad], 'text');
  assert.equal(status, 1);
  assert.match(text, /^ok {3}btf .*there\nbad {2}rights .*uid 1000\n +mend: run as root\n$/);
  assert.deepEqual(JSON.parse(diagnose([good], 'json').text), { findings: [good] });
});
