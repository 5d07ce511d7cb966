import assert from 'node:assert/strict';
import test from 'node:test';
import type { Quality } from '@kube-eagle/api';
import { qualityLine, truncationLine } from './quality-line.ts';

test('an answer tells why and where its stacks were cut, the three most frequent', () => {
  const whole: Quality = {
    $typeName: 'kubeeagle.v1.Quality',
    ...{ taken: 100, lost: 0, truncated: 10, unsymbolized: 0, guessed: 3, truncations: [] },
  };
  const quality: Quality = {
    ...whole,
    truncations: ['no unwind table in libfoo.so', 'too deep', 'process gone', 'no code in a'].map(
      (reason, place) => ({
        $typeName: 'kubeeagle.v1.Truncation',
        reason,
        share: (4 - place) / 100,
      }),
    ),
  };
  assert.match(qualityLine(quality), /10\.0 % cut short, 3\.0 % guessed, 0\.0 % unnamed/);
  assert.equal(
    truncationLine(quality),
    'cut short: 4.0 % no unwind table in libfoo.so, 3.0 % too deep, 2.0 % process gone, …',
  );
  assert.equal(truncationLine(whole), '');
});
