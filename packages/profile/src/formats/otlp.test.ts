import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { labelsOf } from '../labels/labels.ts';
import { createProfileBuilder } from '../model/builder.ts';
import { checkProfile } from '../model/check.ts';
import { NONE, type Profile, type StackId } from '../model/profile.ts';
import { CPU } from '../model/profile-type.ts';
import { describe } from '../testing.ts';
import { readOtlpJson } from './otlp-json.ts';
import { readOtlp } from './otlp-reader.ts';
import { OTLP_REQUESTS, OTLP_TIME, otlpRequest, writeValueType } from './otlp-requests.ts';
import { writeOtlp } from './otlp-writer.ts';
import { writeFixed64, writeMessage, writePacked, writeVarint } from './wire-writer.ts';

/** Two services, an inlined call, a frame without a name, a stack that is not known. */
function example(): Profile {
  const builder = createProfileBuilder();
  const mapping = builder.mapping('/usr/bin/shop', 'abcd');
  const main = builder.frame({
    function: builder.function('main', 'shop.c', 3),
    mapping,
    address: 0x1000,
    line: 5,
    kind: 'native',
  });
  const outer = builder.frame({
    function: builder.function('outer', 'shop.c', 10),
    mapping,
    address: 0x2000,
    line: 12,
    kind: 'native',
  });
  const inner = builder.frame({
    function: builder.function('inner', 'shop.h', 1),
    mapping,
    address: 0x2000,
    line: 2,
    kind: 'native',
    inlined: true,
  });
  const unnamed = builder.frame({ mapping, address: 0x3000 });
  const root = builder.stack(NONE, main);
  const deep = builder.stack(builder.stack(root, outer), inner);
  const odd = builder.stack(root, unnamed);
  const shop = builder.series(
    labelsOf([
      ['service_name', 'shop'],
      ['namespace', 'web'],
      ['own', 'x'],
    ]),
    CPU,
    1e9 / 19,
  );
  const other = builder.series(labelsOf([['service_name', 'other']]), { ...CPU, name: 'odd' }, 0);
  builder.sample({ timeMs: 1_000, series: shop, stack: deep, value: 52_631_578 });
  builder.sample({ timeMs: 1_000, series: shop, stack: odd, value: -1 });
  builder.sample({ timeMs: 11_000, series: shop, stack: deep, value: 2 });
  builder.sample({ timeMs: 1_000, series: other, stack: NONE as StackId, value: 3 });
  builder.quality({
    timeMs: 1_000,
    series: shop,
    taken: 2,
    lost: 0,
    truncated: 1,
    unsymbolized: 1,
    guessed: 1,
  });
  builder.quality({
    timeMs: 21_000,
    series: other,
    taken: 0,
    lost: 7,
    truncated: 0,
    unsymbolized: 0,
    guessed: 0,
  });
  return builder.finish(1_000, 30e9);
}

test('readOtlp() gives back what writeOtlp() wrote', () => {
  const profile = example();
  const { value, problems, schema } = readOtlp(writeOtlp(profile));
  assert.deepEqual(problems, []);
  assert.equal(schema, '1.10');
  assert.deepEqual(checkProfile(value), []);
  const expected = describe(profile).map((line) => line.replace('/52631578.94736842', '/52631579'));
  assert.deepEqual(describe(value), expected);
});

test('any instants and lengths come back exactly', () => {
  const timeMs = fc.integer({ min: 1, max: 4_000_000_000_000 });
  const lengthNs = fc.integer({ min: 0, max: 1e15 });
  fc.assert(
    fc.property(timeMs, fc.nat(86_400_000), lengthNs, (startMs, laterMs, durationNs) => {
      const builder = createProfileBuilder();
      const series = builder.series([], CPU);
      const times = [startMs + laterMs, startMs];
      for (const each of times) builder.sample({ timeMs: each, series, stack: NONE, value: 1 });
      const wholeNs = laterMs * 1e6 + durationNs;
      const { value } = readOtlp(writeOtlp(builder.finish(startMs, wholeNs)));
      assert.deepEqual([...value.samples.timeMs], times);
      assert.deepEqual([value.startMs, value.durationNs], [startMs, wholeNs]);
    }),
  );
});

for (const [schema, request] of Object.entries(OTLP_REQUESTS)) {
  test(`readOtlp() takes schema ${schema}`, () => {
    const read = readOtlp(request);
    assert.deepEqual(read.problems, []);
    assert.equal(read.schema, schema);
    assert.deepEqual(describe(read.value), [
      '1700000000000 0',
      '1700000000000 process_cpu:cpu:nanoseconds:cpu:nanoseconds/1000 {service_name=shop} main(:0:0) @#+0 unknown ;work(:0:0) @#+0 unknown  5',
    ]);
  });
}

test('readOtlp() takes values that are not packed, as hand-written encoders send them', () => {
  const read = readOtlp(
    otlpRequest((writer) => {
      writeValueType(writer, 1, 1, 2);
      writeMessage(writer, 2, () => {
        writeVarint(writer, 1, 1);
        writeVarint(writer, 2, 1);
        writeVarint(writer, 4, 5);
      });
      writeFixed64(writer, 3, OTLP_TIME);
    }),
  );
  assert.deepEqual([read.schema, ...read.problems], ['1.10']);
  assert.match(describe(read.value)[1] ?? '', /work.* 5$/);
});

test('readOtlp() says how many samples have no value', () => {
  const read = readOtlp(
    otlpRequest((writer) => {
      writeValueType(writer, 1, 1, 2);
      for (let count = 0; count < 3; count++) {
        writeMessage(writer, 2, () => writeVarint(writer, 1, 1));
      }
    }),
  );
  assert.equal(read.value.samples.length, 0);
  assert.deepEqual(read.problems, ['3 samples have no value']);
});

test('counts of samples with times become CPU time, as eBPF agents send them', () => {
  const read = readOtlp(
    otlpRequest((writer) => {
      writeValueType(writer, 1, 5, 6);
      writeMessage(writer, 2, () => {
        writeVarint(writer, 1, 1);
        writePacked(writer, 2, [1]);
        writeFixed64(writer, 5, OTLP_TIME);
        writeFixed64(writer, 5, OTLP_TIME);
      });
      writeFixed64(writer, 3, OTLP_TIME);
      writeValueType(writer, 5, 1, 2);
      writeVarint(writer, 6, 50_000_000);
    }),
  );
  assert.equal(read.schema, '1.10');
  assert.match(
    describe(read.value)[1] ?? '',
    /process_cpu:cpu:nanoseconds:cpu:nanoseconds\/50000000 .* 100000000$/,
  );
});

test('readOtlpJson() reads numbers as text and as numbers', () => {
  const read = readOtlpJson(
    JSON.stringify({
      resourceProfiles: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
          scopeProfiles: [
            {
              profiles: [
                {
                  sampleType: { typeStrindex: 1, unitStrindex: 2 },
                  samples: [
                    { stackIndex: 1, values: ['5', 6] },
                    { stackIndex: 1, timestampsUnixNano: ['1'] },
                  ],
                  timeUnixNano: String(OTLP_TIME),
                },
              ],
            },
          ],
        },
      ],
      dictionary: {
        stringTable: ['', 'things', 'count', 'work'],
        functionTable: [{}, { nameStrindex: 3 }],
        locationTable: [{}, { lines: [{ functionIndex: 1, line: '7' }] }],
        stackTable: [{}, { locationIndices: [1] }],
      },
      somethingNew: { a: [1] },
    }),
  );
  assert.deepEqual(read.problems, []);
  assert.deepEqual(describe(read.value), [
    '1700000000000 0',
    '1700000000000 things:things:count::/0 {service_name=shop} work(:0:7) @#+0 unknown  1',
    '1700000000000 things:things:count::/0 {service_name=shop} work(:0:7) @#+0 unknown  11',
  ]);
  assert.match(readOtlpJson('{"resourceProfiles": [').problems[0] ?? '', /expected JSON/);
  for (const text of ['[1,2,3]', '7', 'null']) {
    assert.match(readOtlpJson(text).problems[0] ?? '', /expected a JSON object/);
  }
  for (const text of ['[]', '7', 'null', '{"dictionary":7}', '{"resourceProfiles":[[[]]]}']) {
    assert.equal(readOtlpJson(text).value.samples.length, 0);
  }
});

test('bytes that are cut or changed never throw, and what is read is sound', () => {
  const whole = [writeOtlp(example()), ...Object.values(OTLP_REQUESTS)];
  const change = fc.tuple(fc.nat(10_000), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(
      fc.nat(whole.length - 1),
      fc.array(change, { maxLength: 8 }),
      fc.option(fc.nat(1_000)),
      (which, changes, cut) => {
        const bytes = (whole[which] ?? new Uint8Array()).slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const { value } = readOtlp(cut === null ? bytes : bytes.slice(0, cut));
        assert.deepEqual(checkProfile(value), []);
        assert.ok(value.stacks.length <= bytes.length * 4);
        assert.ok(value.samples.length <= bytes.length);
      },
    ),
    { numRuns: 5_000 },
  );
});

test('a long label that every sample repeats is not kept with each', () => {
  const long = 'x'.repeat(60_000);
  const { value, problems } = readOtlpJson(
    JSON.stringify({
      resourceProfiles: [
        {
          resource: { attributes: [{ key: 'long', value: { stringValue: long } }] },
          scopeProfiles: [
            {
              profiles: [
                {
                  samples: Array.from({ length: 2_000 }, (_, row) => ({
                    values: [1],
                    attributeIndices: [row],
                  })),
                },
              ],
            },
          ],
        },
      ],
      dictionary: {
        stringTable: ['', 'id'],
        attributeTable: Array.from({ length: 2_000 }, (_, row) => ({
          keyStrindex: 1,
          value: { stringValue: `${row}` },
        })),
      },
    }),
  );
  assert.ok(value.series.length < 200, `${value.series.length} series`);
  assert.match(problems.join(), /more labels than an input of this size may have/);
});

test('no bytes at all make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.deepEqual(checkProfile(readOtlp(bytes).value), []);
    }),
    { numRuns: 3_000 },
  );
});
