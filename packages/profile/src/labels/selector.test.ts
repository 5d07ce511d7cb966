import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { EagleError } from '../model/error.ts';
import { formatLabels, labelsKey, labelsOf, labelValue } from './labels.ts';
import { parseSelector } from './parse-selector.ts';
import { formatSelector, matcher, matches } from './selector.ts';

const read = (text: string): string => formatSelector(parseSelector(text));

test('labelsOf() sorts, keeps the last of equal names and drops empty values', () => {
  const labels = labelsOf([
    ['pod', 'a'],
    ['app', 'x'],
    ['pod', 'b'],
    ['node', ''],
  ]);
  assert.equal(formatLabels(labels), '{app="x", pod="b"}');
  assert.equal(labelValue(labels, 'pod'), 'b');
  assert.equal(labelValue(labels, 'node'), '');
  assert.notEqual(labelsKey(labels), labelsKey(labelsOf([['app', 'x']])));
});

test('parseSelector() reads the form of PromQL', () => {
  for (const all of ['', '  ', '{}', ' { } ', 'cpu{}']) assert.equal(read(all), '{}');
  assert.equal(read('{a="b", c=~"re.*",d!="e",f!~"g",}'), '{a="b", c=~"re.*", d!="e", f!~"g"}');
  assert.equal(read('process_cpu:cpu:nanoseconds:cpu:nanoseconds{a="b"}'), '{a="b"}');
  assert.equal(read('{"app.kubernetes.io/name"="web"}'), '{"app.kubernetes.io/name"="web"}');
});

test('parseSelector() reads the form of Kubernetes', () => {
  assert.equal(read('a=b,c!=d, e==f'), '{a="b", c!="d", e="f"}');
  assert.equal(read('e in (x,y.z),f notin (x),g,!h'), '{e=~"x|y\\\\.z", f!~"x", g!="", h=""}');
  assert.equal(read('app.kubernetes.io/name=web'), '{"app.kubernetes.io/name"="web"}');
  assert.equal(read('a=,b in (,c)'), '{a="", b=~"|c"}');
  assert.equal(read('in in (in)'), '{in=~"in"}');
});

test('parseSelector() understands three quotes and the escapes of Go', () => {
  const values = parseSelector(
    String.raw`{a="q\"\\\n\t\x41\u00e9\U0001F985\101", b='it\'s "it"', c=${'`raw\\n`'}}`,
  ).map(({ value }) => value);
  assert.deepEqual(values, ['q"\\\n\tA\u00e9\u{1F985}A', 'it\'s "it"', 'raw\\n']);
});

test('parseSelector() says where it is wrong and what it expected', () => {
  const cases: Readonly<Record<string, string>> = {
    '{a="b"': 'position 6: expected "," or "}", got the end',
    '{a="b" c="d"}': 'position 7: expected "," or "}", got "c=\\"d\\"}"',
    '{a="b"} x': 'position 8: expected the end, got "x"',
    '{="b"}': 'position 1: expected a label name, got "=\\"b\\"}"',
    '{a~"b"}': 'position 2: expected =, !=, =~, !~, in or notin, got "~\\"b\\"}"',
    '{a="b}': 'position 6: expected a closing "',
    '{a="\\q"}': 'position 4: expected an escape such as \\" \\\\ \\n or \\u00e9',
    '{a=~"("}': 'position 2: expected a regular expression, got (',
    '{a=}': 'position 3: expected a value, got "}"',
    'a in (x': 'position 7: expected "," or ")", got the end',
    'a in (x}': 'position 7: expected "," or ")", got "}"',
    'a=b c=d': 'position 4: expected ",", got "c=d"',
    ',': 'position 0: expected a label name, got ","',
  };
  for (const [text, message] of Object.entries(cases)) {
    assert.throws(
      () => parseSelector(text),
      new EagleError('invalid_argument', `selector ${JSON.stringify(text)}, ${message}`),
    );
  }
});

test('parseSelector() bounds the lengths of what it takes', () => {
  for (const text of [`{a=~"${'x'.repeat(1_025)}"}`, `{a="${'x'.repeat(16_384)}"}`]) {
    assert.throws(() => parseSelector(text), { name: EagleError.name, code: 'invalid_argument' });
  }
});

test('parseSelector() throws nothing but invalid_argument', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}()=!~,"\'`\\ abin.*[') }), (text) => {
      try {
        parseSelector(text);
      } catch (error) {
        assert.ok(error instanceof EagleError && error.code === 'invalid_argument', String(error));
      }
    }),
  );
});

test('formatSelector() writes what parseSelector() reads', () => {
  const condition = fc.tuple(
    fc.string({ minLength: 1 }),
    fc.constantFrom('=' as const, '!=' as const),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(condition), (conditions) => {
      const matchers = conditions.map((parts) => matcher(...parts));
      const same = parseSelector(formatSelector(matchers));
      assert.deepEqual(
        same.map(({ name, op, value }) => [name, op, value]),
        conditions,
      );
    }),
  );
});

test('matches() takes a label that is not set as empty, and patterns as whole values', () => {
  const labels = labelsOf([['pod', 'web-1\nx']]);
  const holds = (text: string): boolean => matches(labels, parseSelector(text));
  assert.deepEqual(
    ['{}', 'pod', '!pod', '!zone', 'zone!=a', '{pod=~"web"}', '{pod=~"web.*"}', '{pod!~"x"}'].map(
      holds,
    ),
    [true, true, false, true, true, false, true, true],
  );
});
