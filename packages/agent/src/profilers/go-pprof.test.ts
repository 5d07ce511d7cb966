import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { testProfilerConformance } from './conformance.ts';
import { createGoPprof } from './go-pprof.ts';
import { askFor, foldedOf, goldenProgram, LIFE, missing, run, testFolder } from './testing.ts';

const goPprof = createGoPprof({ nowMs: () => Date.now() });
const skip = missing([], ['go', 'ip']);
const folder = testFolder();
const program = join(folder.path, 'served');
if (skip === false) execFileSync('go', ['build', '-o', program, goldenProgram('served.go')]);
after(() => folder[Symbol.dispose]());

const start = () => run(program, ['127.0.0.1:0', LIFE]);

testProfilerConformance({ profiler: goPprof, start, expected: /main;main\.compute \d/, skip });

test('go-pprof takes memory and locks', { skip }, async () => {
  await using running = await start();
  for (const [event, expected] of [
    ['alloc', /main\.locked;main\.waste \d/],
    ['heap', /main\.waste \d/],
    ['lock', /main\.locked.*sync\.\(\*Mutex\)\.Unlock \d/],
  ] as const) {
    const ask = askFor({ event });
    const collected = await goPprof.collect(running.process, ask, new AbortController().signal);
    assert.match(foldedOf(collected), expected, event);
  }
});

test('go-pprof says what a program has to do for an event that gave nothing', {
  skip,
}, async () => {
  await using running = await start();
  const ask = askFor({ event: 'block' });
  const collected = await goPprof.collect(running.process, ask, new AbortController().signal);
  assert.ok(collected.kind === 'taken' && collected.samples === 0);
  assert.match(collected.note, /SetBlockProfileRate/);
});

test('go-pprof reaches a program in a network namespace of its own', { skip }, async () => {
  const words = ['-n', 'sh', '-c', `ip link set lo up; exec ${program} :6060 ${LIFE}`];
  await using running = await run('unshare', words);
  const verdict = await goPprof.probe(running.process, askFor());
  assert.ok(verdict.kind === 'able' && verdict.how.includes('::1:6060'), JSON.stringify(verdict));
  const collected = await goPprof.collect(running.process, askFor(), new AbortController().signal);
  assert.match(foldedOf(collected), /main\.compute/);
});

test('go-pprof says of a second CPU profile that one is under way', { skip }, async () => {
  await using running = await start();
  const signal = new AbortController().signal;
  const both = await Promise.all([
    goPprof.collect(running.process, askFor(), signal),
    goPprof.collect(running.process, askFor(), signal),
  ]);
  assert.deepEqual(both.map((one) => one.kind === 'failed' && one.reason).sort(), [
    false,
    'profiler_busy',
  ]);
});

test('go-pprof names what listens where no port is net/http/pprof', { skip }, async () => {
  const server = "require('http').createServer((_, to) => { to.statusCode = 404; to.end() })";
  const script = `${server}.listen(0, '127.0.0.1', () => console.log('ready'))`;
  await using running = await run(process.execPath, ['-e', script]);
  const verdict = await goPprof.probe({ ...running.process, language: 'go' }, askFor());
  assert.ok(verdict.kind === 'unable' && verdict.reason === 'no_endpoint');
  assert.match(verdict.message, /127\.0\.0\.1:\d+ answers 404/);
});
