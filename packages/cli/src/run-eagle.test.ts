import assert from 'node:assert/strict';
import test from 'node:test';
import { runIn, testServer } from './testing.ts';

const BAD_WORDS: readonly (readonly [words: string, message: RegExp])[] = [
  ['bogus', /unknown command 'bogus'/],
  ['query --bogus', /unknown option '--bogus'/],
  ['query a b', /too many arguments/],
  ['query {a', /selector "\{a", position 2: expected "," or "\}"/],
  ['query {a=~"("}', /expected a regular expression/],
  ['query --from yesterday', /--from: expected a time such as now-1h/],
  ['query --to 2026-13-45', /--to: expected a time/],
  ['query --from now --to now-1h', /expected --from before --to/],
  ['query --type cpu', /--type: expected five words/],
  ['query -o xml', /'xml' is invalid\. Allowed choices are flame/],
  ['query --rows 0', /--rows: expected a whole number of 1 to/],
  ['query --server ftp://x', /expected a server such as http/],
  ['query --server nonsense', /expected a server such as http/],
  ['export -o flame', /export: expected -o folded, speedscope, pprof, got flame/],
  ['labels -l {', /selector/],
  ['record pid/0', /expected a process id of 1 to 4194304, got "pid\/0"/],
  ['record pid/12x', /expected a process id/],
  ['record node/', /expected a target/],
  ['record', /expected a target such as deploy\/web, .* or -l app=web/],
  ['record deploy/web -n shop -A', /expected -n or -A, got both/],
  ['targets Deploy/Web', /expected a target, got "Deploy\/Web"/],
  ['record host -d 0', /--duration: expected more than no time/],
  ['record host -d soon', /--duration: expected a duration such as 30s/],
  ['record host -F 1e3', /--rate: expected a whole number of 1 to 1000/],
  ['record host -F 1001', /--rate: expected a whole number/],
  ['record host -e locks', /--event: expected cpu, wall, .*, got "?locks/],
  ['tasks get', /missing required argument 'id'/],
  ['tasks list --limit many', /--limit: expected a whole number/],
  ['completion tcsh', /expected bash, zsh or fish, got "tcsh"/],
];

test('what the user wrote wrong is said on standard error with exit status 2', async (t) => {
  for (const [words, message] of BAD_WORDS) {
    await t.test(words, async () => {
      const { status, out, err } = await runIn(testServer(), words.split(' '));
      assert.equal(status, 2, err);
      assert.equal(out, '');
      assert.match(err, message);
      assert.match(err, /^error: /);
    });
  }
});

const COMMANDS =
  'record targets query top export labels agents tasks status doctor version completion'.split(' ');

test('help goes to standard output, names each command, and is no error', async () => {
  for (const words of [['--help'], []]) {
    const { status, out, err } = await runIn(testServer(), words);
    assert.deepEqual([status, err], [0, '']);
    for (const name of COMMANDS) assert.match(out, new RegExp(`\\n  ${name} `));
  }
});

for (const name of COMMANDS) {
  test(`help of ${name} has examples`, async () => {
    const { status, out } = await runIn(testServer(), [name, '--help']);
    assert.equal(status, 0);
    assert.match(out, /\nExamples:\n {2}\S/);
  });
}
