import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DEFAULT_PLACE, type Place, REFRESHES } from './place.ts';
import { placeOf, queryOf } from './place-url.ts';

test('queryOf() writes only what differs from the default', () => {
  assert.equal(queryOf(DEFAULT_PLACE), '');
  assert.equal(
    queryOf({
      ...DEFAULT_PLACE,
      selector: 'namespace="shop"',
      from: 'now-6h',
      zoom: ['main', 'a;b'],
      sort: 'total',
      theme: 'dark',
      refreshMs: 10_000,
    }),
    '?q=namespace%3D%22shop%22&from=now-6h&sort=-total&theme=dark&refresh=10&zoom=main&zoom=a%3Bb',
  );
});

test('placeOf() takes the default for what is missing or wrong', () => {
  assert.deepEqual(placeOf(''), DEFAULT_PLACE);
  assert.deepEqual(
    placeOf('?view=upside-down&sort=weight&refresh=0.001&theme=&growth=flame&unknown=1'),
    { ...DEFAULT_PLACE, growth: 'flame' },
  );
});

test('placeOf() gives back every place that queryOf() wrote', () => {
  const word = fc.string({ unit: 'binary', maxLength: 12 });
  const places: fc.Arbitrary<Place> = fc.record({
    profileType: word,
    selector: word,
    from: word,
    to: word,
    groupBy: word,
    view: fc.constantFrom('graph', 'table', 'both'),
    order: fc.constantFrom('callees', 'callers'),
    growth: fc.constantFrom('icicle', 'flame'),
    zoom: fc.array(word, { maxLength: 5 }),
    search: word,
    sort: fc.constantFrom('self', 'total', 'name'),
    ascending: fc.boolean(),
    theme: fc.constantFrom('auto', 'light', 'dark'),
    refreshMs: fc.constantFrom(...REFRESHES),
  });
  fc.assert(
    fc.property(places, (place) => {
      assert.deepEqual(placeOf(queryOf(place)), { ...place });
    }),
  );
});
