import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { callTree } from '../derive/call-tree.ts';
import { selectSamples } from '../derive/select-samples.ts';
import { formatLabels, labelsOf } from '../labels/labels.ts';
import { createProfileBuilder } from '../model/builder.ts';
import { checkProfile } from '../model/check.ts';
import { NONE, type Profile, type StackId } from '../model/profile.ts';
import { CPU, profileTypeId } from '../model/profile-type.ts';
import { draw } from '../testing.ts';
import { readOtlp } from './otlp-reader.ts';
import { writeOtlp } from './otlp-writer.ts';
import { readPprof } from './pprof-reader.ts';
import { writePprof } from './pprof-writer.ts';

const GOLDEN = new URL('../../../../golden/', import.meta.url);

const TYPES = [CPU, { ...CPU, sampleType: 'samples', sampleUnit: 'count' }];

/** A place in a program: the functions there, all but the outermost inlined. */
interface Place {
  readonly names: readonly string[];
  readonly line: number;
}

interface Sample {
  readonly path: readonly number[];
  readonly pod: string;
  readonly type: number;
  readonly value: number;
}

const NAME = fc.constantFrom('main', 'work', 'λ', 'operator()<int>', 'a;b "c"');
const PLACE: fc.Arbitrary<Place> = fc.record({
  names: fc.array(NAME, { minLength: 1, maxLength: 3 }),
  line: fc.nat(1_000_000),
});
const SAMPLE: fc.Arbitrary<Sample> = fc.record({
  path: fc.array(fc.nat(7), { minLength: 1, maxLength: 8 }),
  pod: fc.constantFrom('', 'web-1', 'π'),
  type: fc.nat(1),
  value: fc.integer({ min: 1, max: 1e12 }),
});

function build(places: readonly Place[], samples: readonly Sample[]): Profile {
  const builder = createProfileBuilder();
  const mapping = builder.mapping('/bin/shop', 'ab12');
  const frames = places.map(({ names, line }, row) =>
    names.map((name, depth) =>
      builder.frame({
        function: builder.function(name, 'shop.c', 7),
        ...{ mapping, address: 0x1000 + row, line, inlined: depth > 0 },
      }),
    ),
  );
  for (const { path, pod, type, value } of samples) {
    let stack = NONE as StackId;
    for (const row of path) {
      for (const frame of frames[row % frames.length] ?? []) stack = builder.stack(stack, frame);
    }
    const series = builder.series(labelsOf([['pod', pod]]), TYPES[type] ?? CPU, 1e7);
    builder.sample({ timeMs: 5_000, series, stack, value });
  }
  return builder.finish(5_000, 1e10);
}

function frameText({ strings, functions, frames, mappings }: Profile, row: number): string {
  const fn = frames.function[row] ?? NONE;
  const mapping = frames.mapping[row] ?? NONE;
  const text = (at: number | undefined): string => strings[at ?? -1] ?? '?';
  const source = `${text(functions.file[fn])}:${functions.startLine[fn]}:${frames.line[row]}`;
  const binary = `${text(mappings.file[mapping])}#${text(mappings.buildId[mapping])}`;
  const inlined = frames.inlined[row] === 1 ? ' inlined' : '';
  return `${text(functions.name[fn])} ${source} ${binary}+${frames.address[row]}${inlined}`;
}

/** Values by series and path. */
function sums(profile: Profile): ReadonlyMap<string, number> {
  const { stacks, series, samples } = profile;
  const values = new Map<string, number>();
  for (let row = 0; row < samples.length; row++) {
    const path: string[] = [];
    for (let at = samples.stack[row] ?? NONE; at !== NONE; at = stacks.parent[at] ?? NONE) {
      path.unshift(frameText(profile, stacks.frame[at] ?? 0));
    }
    const of = samples.series[row] ?? 0;
    const type = series.type[of];
    const labels = formatLabels(series.labels[of] ?? []);
    const key = `${type && profileTypeId(type)}${labels} ${path.join('\n')}`;
    values.set(key, (values.get(key) ?? 0) + (samples.value[row] ?? 0));
  }
  return values;
}

const ROUND_TRIPS: Readonly<Record<string, (profile: Profile) => Profile>> = {
  OTLP: (profile) => readOtlp(writeOtlp(profile)).value,
  pprof: (profile) => readPprof(writePprof(profile)).value,
  'OTLP, then pprof': (profile) => readPprof(writePprof(readOtlp(writeOtlp(profile)).value)).value,
};

for (const [format, roundTrip] of Object.entries(ROUND_TRIPS)) {
  test(`any profile comes back from ${format} as it was`, () => {
    const places = fc.array(PLACE, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(places, fc.array(SAMPLE, { minLength: 1 }), (some, samples) => {
        const profile = build(some, samples);
        const value = roundTrip(profile);
        assert.deepEqual(checkProfile(value), []);
        assert.deepEqual(sums(value), sums(profile));
        assert.deepEqual([value.startMs, value.durationNs], [5_000, 1e10]);
      }),
    );
  });
}

test('a recorded OTLP request is read as the pprof file that it was made of', () => {
  const { value, problems, schema } = readOtlp(
    gunzipSync(readFileSync(new URL('otlp/go-cpu.pb.gz', GOLDEN))),
  );
  assert.deepEqual([problems, schema], [[], '1.10']);
  const tree = draw(callTree(selectSamples(value, { type: CPU, matchers: [] })));
  const expected = readFileSync(
    fileURLToPath(new URL('pprof/go-cpu.top-down.txt', GOLDEN)),
    'utf8',
  );
  assert.equal(`${tree.join('\n')}\n`, expected);
});

test('readOtlp() reads what async-profiler 4.5 writes', () => {
  const { value, problems } = readOtlp(
    gunzipSync(readFileSync(new URL('otlp/async-profiler-4.5.pb.gz', GOLDEN))),
  );
  assert.deepEqual(problems, []);
  const shares = draw(callTree(value)).filter((line) => /Spin/.test(line));
  assert.deepEqual(shares, ['Spin.main 253', '  Spin.seventy 176', '  Spin.thirty 77']);
});
