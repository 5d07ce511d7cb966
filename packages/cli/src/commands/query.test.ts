import assert from 'node:assert/strict';
import test from 'node:test';
import { runIn, testServer } from '../testing.ts';

test('query draws the merged profile as a tree within the screen', async () => {
  const { status, out, err } = await runIn(testServer(), ['query', 'process=split']);
  assert.equal(status, 0);
  assert.equal(err, '');
  assert.deepEqual(out.split('\n'), [
    'process_cpu:cpu:nanoseconds:cpu:nanoseconds  process=split',
    '2026-03-12T02:12:00Z to 2026-03-12T03:12:00Z  ·  10 ms',
    '1,000 stacks taken, 2 lost, 1.0 % cut short, 0.0 % guessed, 0.0 % unnamed',
    '',
    '  TOTAL              VALUE      SELF  FUNCTION',
    '100.0 % ████████     10 ms         ·  main',
    ' 70.0 % █████▋        7 ms      7 ms  ├─ heavy',
    ' 30.0 % ██▍           3 ms      3 ms  └─ light',
    '',
  ]);
});

test('top lists functions by their own value', async () => {
  const { out } = await runIn(testServer(), ['top', '--limit', '2']);
  assert.deepEqual(out.split('\n').slice(4), [
    'SELF          TOTAL          FUNCTION',
    '7 ms  70.0 %   7 ms  70.0 %  heavy',
    '3 ms  30.0 %   3 ms  30.0 %  light',
    'and 1 more functions, see --limit',
    '',
  ]);
});

test('folded, speedscope, svg and json are for tools', async () => {
  const outputOf = async (format: string): Promise<string> =>
    (await runIn(testServer(), ['query', '-o', format])).out;
  assert.equal(await outputOf('folded'), 'main;heavy 7000000\nmain;light 3000000\n');
  assert.equal(JSON.parse(await outputOf('speedscope')).profiles[0].endValue, 10_000_000);
  assert.match(await outputOf('svg'), /^<svg[\s\S]*heavy[\s\S]*<\/svg>\n$/);
  const { rows, unit } = JSON.parse(await outputOf('json'));
  assert.equal(unit, 'nanoseconds');
  assert.deepEqual(rows[2], {
    parent: 1,
    name: 'heavy',
    kind: 'unknown',
    self: 7_000_000,
    total: 7_000_000,
  });
});

test('a file takes what would go to standard output, and its name means a format', async () => {
  const { out, err, files } = await runIn(testServer(), ['query', '-f', 'x.folded']);
  assert.equal(out, '');
  assert.equal(err, 'wrote x.folded\n');
  assert.deepEqual(files, { 'x.folded': 'main;heavy 7000000\nmain;light 3000000\n' });
});

test('pprof is not written to a terminal', async () => {
  const refused = await runIn(testServer(), ['export'], { isTty: true });
  assert.equal(refused.status, 2);
  assert.equal(
    refused.err,
    'error: pprof is binary and this is a terminal: name a file with -f FILE, or pipe it\n',
  );
  assert.equal((await runIn(testServer(), ['export'])).status, 0);
  const written = await runIn(testServer(), ['export', '-f', 'cpu.pb.gz'], { isTty: true });
  assert.deepEqual(Object.keys(written.files), ['cpu.pb.gz']);
});

test('nothing found is an error that says what there is, and leaves no file', async () => {
  for (const format of ['flame', 'top', 'folded', 'svg', 'json']) {
    const words = ['query', 'process=other', '-o', format, '-f', 'x'];
    const { status, err, files } = await runIn(testServer(), words);
    assert.equal(status, 1);
    assert.match(err, /^error: no samples of process_cpu:.* for process=other between 2026-/);
    assert.deepEqual(files, {});
  }
  const { err } = await runIn(testServer(), ['query', '--type', 'a:b:c:d:e']);
  assert.match(err, /There is --type process_cpu:cpu:nanoseconds:cpu:nanoseconds\n$/);
});

test('labels lists names, or the values of one', async () => {
  const all = await runIn(testServer(), ['labels']);
  assert.deepEqual(all.out.split('\n'), [
    'LABEL      VALUES  SUCH AS',
    'namespace       2  shop, web\ufffd[31m',
    'process         4  split',
    '',
  ]);
  const one = await runIn(testServer(), ['labels', 'process']);
  assert.equal(one.out, 'split\n');
  assert.equal(one.err, '3 more values are left out: narrow it with -l\n');
  const none = await runIn(testServer(), ['labels', 'pod']);
  assert.equal(none.status, 1);
  assert.match(none.err, /^error: no label "pod" from now-1h to now/);
});
