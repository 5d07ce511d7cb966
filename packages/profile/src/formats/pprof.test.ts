import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  Label,
  Line,
  Location,
  Profile as Oracle,
  Function as PprofFunction,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';
import { callTree } from '../derive/call-tree.ts';
import { selectSamples } from '../derive/select-samples.ts';
import { formatLabels, labelsOf } from '../labels/labels.ts';
import { createProfileBuilder } from '../model/builder.ts';
import { checkProfile } from '../model/check.ts';
import { NONE, type Profile } from '../model/profile.ts';
import { CPU, profileTypeId } from '../model/profile-type.ts';
import { draw, profileOf } from '../testing.ts';
import { readPprof } from './pprof-reader.ts';
import { writePprof } from './pprof-writer.ts';
import {
  createWireWriter,
  finishWriter,
  writeMessage,
  writePacked,
  writeText,
  writeVarint,
} from './wire-writer.ts';

test('pprof-format reads what writePprof() wrote', () => {
  const bytes = writePprof(profileOf('main;work;inner 3', 'main;work 2', 'main;rest 5'));
  const { sample, location, function: functions, stringTable } = Oracle.decode(bytes);
  const nameOf = (id: number | bigint): string => {
    const place = location.find((each) => each.id === id);
    const fn = functions.find((each) => each.id === place?.line[0]?.functionId);
    return stringTable.strings[Number(fn?.name)] ?? '?';
  };
  const lines = sample.map(
    ({ locationId, value }) => `${locationId.map(nameOf).toReversed().join(';')} ${value}`,
  );
  assert.deepEqual(new Set(lines), new Set(['main;rest 5', 'main;work 2', 'main;work;inner 3']));
});

test('go tool pprof reads what writePprof() wrote', (t) => {
  if (spawnSync('go', ['version']).status !== 0) return t.skip('no go here');
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  try {
    const file = join(folder, 'p.pb');
    writeFileSync(file, writePprof(profileOf('main;work;inner 3', 'main;work 2', 'main;rest 5')));
    const { stdout, stderr } = spawnSync('go', ['tool', 'pprof', '-top', '-nodecount=9', file], {
      encoding: 'utf8',
    });
    const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
    const selfOf = (name: string): string | undefined => rows.find((row) => row[5] === name)?.[0];
    assert.deepEqual(
      ['rest', 'inner', 'work', 'main'].map(selfOf).map((text) => Number.parseFloat(text ?? '')),
      [5, 3, 2, 0],
      stdout + stderr,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const GOLDEN = new URL('../../../../golden/pprof/', import.meta.url);

test('readPprof() reads what Go records', (t) => {
  const bytes = gunzipSync(readFileSync(new URL('go-cpu.pb.gz', GOLDEN)));
  const { value, problems } = readPprof(bytes);
  assert.deepEqual(problems, []);
  const cpu = selectSamples(value, { type: CPU, matchers: [] });
  const text = `${draw(callTree(cpu)).join('\n')}\n`;
  t.assert.fileSnapshot(text, fileURLToPath(new URL('go-cpu.top-down.txt', GOLDEN)), {
    serializers: [String],
  });
  assert.deepEqual(value.series.type.map(profileTypeId), [
    'process_cpu:samples:count:cpu:nanoseconds',
    'process_cpu:cpu:nanoseconds:cpu:nanoseconds',
  ]);
});

/** Samples as text, sorted: labels, path with inlined frames marked, value. */
function samplesOf(profile: Profile): string[] {
  const { strings, functions, frames, stacks, series, samples } = profile;
  return Array.from({ length: samples.length }, (_, row) => {
    const path: string[] = [];
    for (let at = samples.stack[row] ?? NONE; at !== NONE; at = stacks.parent[at] ?? NONE) {
      const frame = stacks.frame[at] ?? 0;
      const name = strings[functions.name[frames.function[frame] ?? -1] ?? -1] ?? '?';
      path.unshift(`${name}${frames.inlined[frame] === 1 ? '*' : ''}:${frames.line[frame]}`);
    }
    const of = samples.series[row] ?? 0;
    const type = series.type[of];
    const labels = formatLabels(series.labels[of] ?? []);
    return `${type?.sampleType}${labels} ${path.join(';')} ${samples.value[row]}`;
  }).toSorted((a, b) => (a < b ? -1 : 1));
}

test('readPprof() gives back what writePprof() wrote', () => {
  const builder = createProfileBuilder();
  const mapping = builder.mapping('/bin/shop', 'ab12');
  const frame = (name: string, line: number, inlined = false) =>
    builder.frame({
      function: builder.function(name, 'a.c', 1),
      mapping,
      address: 64,
      line,
      inlined,
    });
  const main = builder.stack(NONE, frame('main', 3));
  const inner = builder.stack(builder.stack(main, frame('outer', 4)), frame('inner', 5, true));
  const web = builder.series(labelsOf([['pod', 'web-1']]), CPU, 1e7);
  const count = { ...CPU, sampleType: 'samples', sampleUnit: 'count' };
  const counts = builder.series(labelsOf([['pod', 'web-1']]), count, 1e7);
  builder.sample({ timeMs: 5_000, series: web, stack: inner, value: 30 });
  builder.sample({ timeMs: 5_000, series: counts, stack: inner, value: 3 });
  builder.sample({ timeMs: 5_000, series: web, stack: main, value: -2 });
  const profile = builder.finish(5_000, 1e10);
  const { value, problems } = readPprof(writePprof(profile));
  assert.deepEqual(problems, []);
  assert.deepEqual(samplesOf(value), samplesOf(profile));
  assert.deepEqual([value.startMs, value.durationNs], [5_000, 1e10]);
  assert.equal(value.strings[value.mappings.buildId[1] ?? 0], 'ab12');
});

test('pprof-format writes what readPprof() reads, with ids that no double tells apart', () => {
  const strings = new StringTable();
  const names = ['main', 'work', 'rest'];
  const far = 2n ** 63n;
  const file = new Oracle({
    stringTable: strings,
    sampleType: [
      new ValueType({ type: strings.dedup('samples'), unit: strings.dedup('count') }),
      new ValueType({ type: strings.dedup('wall'), unit: strings.dedup('nanoseconds') }),
    ],
    sample: [
      new Sample({
        locationId: [far + 1n, far],
        value: [2, 200],
        label: [
          new Label({ key: strings.dedup('thread'), str: strings.dedup('ui') }),
          new Label({ key: strings.dedup('bytes'), num: 7 }),
        ],
      }),
      new Sample({ locationId: [far + 2n, far], value: [1, 100] }),
    ],
    location: names.map(
      (_, row) =>
        new Location({
          id: far + BigInt(row),
          line: [new Line({ functionId: far + BigInt(row), line: row + 1 })],
        }),
    ),
    function: names.map(
      (name, row) => new PprofFunction({ id: far + BigInt(row), name: strings.dedup(name) }),
    ),
    timeNanos: 5_000_000_000n,
  });
  const { value, problems } = readPprof(file.encode());
  assert.deepEqual(problems, []);
  assert.deepEqual(samplesOf(value), [
    'samples{thread="ui"} main:1;work:2 2',
    'samples{} main:1;rest:3 1',
    'wall{thread="ui"} main:1;work:2 200',
    'wall{} main:1;rest:3 100',
  ]);
  assert.deepEqual(new Set(value.series.type.map(({ name }) => name)), new Set(['wall']));
});

test('small files that ask for much work are cut short', () => {
  const writer = createWireWriter();
  for (let type = 0; type < 5_000; type++) writeMessage(writer, 1, () => {});
  writeMessage(writer, 4, () => {
    writeVarint(writer, 1, 1);
    for (let line = 0; line < 1_000; line++) writeMessage(writer, 4, () => {});
  });
  for (let sample = 0; sample < 5_000; sample++) {
    writeMessage(writer, 2, () => {
      writePacked(writer, 1, [1]);
      writePacked(writer, 2, [1]);
    });
  }
  writeText(writer, 6, '');
  const { problems } = readPprof(finishWriter(writer));
  assert.deepEqual(problems.slice(0, 2), [
    'more than 64 sample types: the rest is left out',
    'more frames than an input of this size may have: the rest is left out',
  ]);
});

test('any calls come back from pprof as they were', () => {
  const name = fc.stringMatching(/^[a-z]{1,4}$/);
  const line = fc.tuple(fc.array(name, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1 }));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (lines) => {
      const profile = profileOf(...lines.map(([path, value]) => `${path.join(';')} ${value}`));
      assert.deepEqual(
        draw(callTree(readPprof(writePprof(profile)).value)),
        draw(callTree(profile)),
      );
    }),
  );
});

test('no bytes make readPprof() throw, and what is read is sound', () => {
  const whole = gunzipSync(readFileSync(new URL('go-cpu.pb.gz', GOLDEN)));
  const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.nat(whole.length), (changes, length) => {
      const bytes = Uint8Array.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      const { value } = readPprof(bytes.subarray(0, length));
      assert.deepEqual(checkProfile(value), []);
      assert.ok(value.stacks.length <= bytes.length * 4);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.deepEqual(checkProfile(readPprof(bytes).value), []);
    }),
  );
});
