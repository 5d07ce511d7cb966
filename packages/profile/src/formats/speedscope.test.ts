import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { callTree } from '../derive/call-tree.ts';
import { selectSamples } from '../derive/select-samples.ts';
import { formatLabels, labelsOf } from '../labels/labels.ts';
import { parseSelector } from '../labels/parse-selector.ts';
import { createProfileBuilder } from '../model/builder.ts';
import { checkProfile } from '../model/check.ts';
import { NONE, type Profile } from '../model/profile.ts';
import { CPU, profileTypeId } from '../model/profile-type.ts';
import { draw, profileOf } from '../testing.ts';
import { SAMPLES, writeFolded } from './folded.ts';
import { writeSpeedscope } from './speedscope.ts';
import { readSpeedscope } from './speedscope-reader.ts';

const written = (profile: Profile): string =>
  [...writeSpeedscope(profile, { name: 'test' })].join('');

const fileOf = (profile: object): string =>
  JSON.stringify({
    shared: { frames: ['a', 'b', 'c'].map((name) => ({ name })) },
    profiles: [profile],
  });

test('writeSpeedscope() gives one sampled profile a series', () => {
  const file = JSON.parse(written(profileOf('a;b 2', 'a 1', 'a;b 3')));
  assert.deepEqual(file, {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name: 'test',
    exporter: 'kube-eagle',
    activeProfileIndex: 0,
    shared: { frames: [{ name: 'a' }, { name: 'b' }, { name: '[unknown]' }] },
    profiles: [
      {
        type: 'sampled',
        name: 'process_cpu:cpu:nanoseconds:cpu:nanoseconds {}',
        unit: 'nanoseconds',
        startValue: 0,
        endValue: 6,
        samples: [[0, 1], [0]],
        weights: [5, 1],
      },
    ],
  });
});

test('writeSpeedscope() keeps to the published schema of the format', () => {
  const path = import.meta.resolve('speedscope/dist/release/file-format-schema.json');
  const schema = JSON.parse(readFileSync(fileURLToPath(path), 'utf8'));
  for (const profile of [profileOf(), profileOf('a;b 2'), twoSeries()]) {
    assert.deepEqual(violations(schema, JSON.parse(written(profile))), []);
  }
  assert.notDeepEqual(violations(schema, { profiles: [{ type: 'sampled' }] }), []);
});

test('readSpeedscope() gives type, labels and stacks of what was written', () => {
  const { value, problems } = readSpeedscope(new TextEncoder().encode(written(twoSeries())));
  assert.deepEqual(problems, []);
  assert.deepEqual(checkProfile(value), []);
  const series = value.series.labels.map((labels, row) => [
    profileTypeId(value.series.type[row] ?? CPU),
    formatLabels(labels),
  ]);
  assert.deepEqual(series, [
    [profileTypeId(CPU), '{app.kubernetes.io/name="web \\"1\\"", pod="a"}'],
    [profileTypeId(SAMPLES), '{pod="b"}'],
  ]);
  const second = selectSamples(value, { matchers: parseSelector('pod=b') });
  assert.deepEqual([...writeFolded(second)], ['[unknown] 7\n']);
  const frame = value.frames.line.indexOf(12);
  const fn = value.frames.function[frame] ?? NONE;
  assert.equal(value.strings[value.functions.file[fn] ?? 0], 'main.c');
});

test('readSpeedscope() turns open and close events into time at stacks', () => {
  const events = [
    ['O', 0, 1],
    ['O', 1, 2],
    ['C', 1, 4],
    ['O', 2, 4],
    ['C', 2, 4.5],
    ['C', 0, 6],
  ].map(([type, frame, at]) => ({ type, frame, at }));
  const { value, problems } = readSpeedscope(
    fileOf({
      type: 'evented',
      name: 'x',
      unit: 'milliseconds',
      startValue: 0,
      endValue: 6,
      events,
    }),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(draw(callTree(value)), ['a 5000000', '  b 2000000', '  c 500000']);
  assert.equal(formatLabels(value.series.labels[0] ?? []), '{profile="x"}');
});

test('readSpeedscope() says what it did not understand and keeps the rest', () => {
  const problemsOf = (file: string): readonly string[] => readSpeedscope(file).problems;
  assert.match(problemsOf('{"profiles": [').join(), /^expected JSON: .*got none$/);
  for (const file of ['null', '[]', '7', '{}', '{"profiles":{}}']) {
    assert.deepEqual(problemsOf(file), ['expected a speedscope file with "profiles", got none']);
  }
  assert.deepEqual(problemsOf(fileOf({ type: 'odd' })), [
    'profile 0: expected type sampled or evented, got "odd"',
  ]);
  const sampled = {
    type: 'sampled',
    samples: [[0], [9], [1, 'x'], [1], [2]],
    weights: [1, 1, 1, null],
  };
  const { value, problems } = readSpeedscope(fileOf(sampled));
  assert.deepEqual(draw(callTree(value)), ['a 1']);
  assert.deepEqual(problems, [
    'profile 0: 5 samples and 4 weights',
    'profile 0, sample 1: there is no frame 9',
    'profile 0, sample 2: there is no frame "x"',
    'profile 0, sample 3: expected a number as weight, got null',
  ]);
  const events = [
    { type: 'C', frame: 1, at: 1 },
    { type: 'O', frame: 0, at: 5 },
    { type: 'O', frame: 1, at: 4 },
    { type: 'C', frame: 0, at: 6 },
    { type: 'X', frame: 0, at: 6 },
  ];
  assert.deepEqual(problemsOf(fileOf({ type: 'evented', events })), [
    'profile 0, event 0: leaves a frame that was not entered',
    'profile 0, event 2: out of order',
    'profile 0, event 3: leaves a frame above others',
    'profile 0, event 4: expected type O or C, a frame and a time',
  ]);
});

test('readSpeedscope() never throws and always gives a sound profile', () => {
  const value = fc.constantFrom<unknown>(0, 1, -1, 1e308, 0.5, null, 'O', 'C', 'sampled', [], {}, [
    [0, 1],
  ]);
  const entry = fc.record(
    {
      type: fc.constantFrom('sampled', 'evented', 3),
      name: fc.constantFrom('', 'a:b:c:d:e {x="', 'a:b:c:d:e {x="y"}'),
      unit: value,
      startValue: value,
      samples: fc.oneof(value, fc.array(fc.array(value))),
      weights: fc.oneof(value, fc.array(value)),
      events: fc.oneof(value, fc.array(fc.record({ type: value, frame: value, at: value }))),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(entry, (profile) => {
      assert.deepEqual(checkProfile(readSpeedscope(fileOf(profile)).value), []);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(checkProfile(readSpeedscope(bytes).value), []);
    }),
  );
});

test('reading what was written gives the same calls', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'ü"\\'), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(fc.tuple(path, fc.nat())), (lines) => {
      const profile = profileOf(...lines.map(([names, value]) => `${names.join(';')} ${value}`));
      const { value } = readSpeedscope(written(profile));
      assert.deepEqual([...writeFolded(value)], [...writeFolded(profile)]);
    }),
  );
});

function twoSeries(): Profile {
  const builder = createProfileBuilder();
  const frame = builder.frame({ function: builder.function('f', 'main.c', 10), line: 12 });
  const stack = builder.stack(NONE, frame);
  const labels = labelsOf([
    ['pod', 'a'],
    ['app.kubernetes.io/name', 'web "1"'],
  ]);
  builder.sample({ timeMs: 1, series: builder.series(labels, CPU), stack, value: 2 });
  const other = builder.series(labelsOf([['pod', 'b']]), SAMPLES);
  builder.sample({ timeMs: 1, series: other, stack: NONE, value: 7 });
  return builder.finish();
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** Where a value breaks a JSON schema: the keywords that the published one uses. */
function violations(root: Schema, value: unknown, schema: Schema = root, at = '$'): string[] {
  if (schema.$ref) {
    const target = root.definitions?.[schema.$ref.replace('#/definitions/', '')];
    return target ? violations(root, value, target, at) : [`${at}: no ${schema.$ref}`];
  }
  if (schema.anyOf) {
    const tries = schema.anyOf.map((option) => violations(root, value, option, at));
    return tries.some((found) => found.length === 0) ? [] : tries.flat();
  }
  if (schema.enum && !schema.enum.includes(value)) return [`${at}: not one of ${schema.enum}`];
  if ('const' in schema && schema.const !== value) return [`${at}: not ${schema.const}`];
  const type = Array.isArray(value) ? 'array' : typeof value;
  if (schema.type && schema.type !== type) return [`${at}: ${type}, not ${schema.type}`];
  return partsOf(schema, value).flatMap(([name, part, of]) =>
    part === undefined ? [`${at}: lacks ${name}`] : violations(root, part, of, `${at}.${name}`),
  );
}

function partsOf(schema: Schema, value: unknown): [string | number, unknown, Schema][] {
  const { items, properties = {}, required = [] } = schema;
  if (Array.isArray(value) && items) return value.map((item, at) => [at, item, items]);
  const fields = Object(value) as Readonly<Record<string, unknown>>;
  return Object.entries(properties)
    .filter(([name]) => required.includes(name) || fields[name] !== undefined)
    .map(([name, of]) => [name, fields[name], of]);
}
