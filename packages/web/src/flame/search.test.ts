import assert from 'node:assert/strict';
import test from 'node:test';
import { layOutFlame } from '@kube-eagle/profile';
import { treeOf } from '@kube-eagle/profile/testing';
import { exactly, searchFlame, termOf } from './search.ts';

const LAYOUT = layOutFlame(
  treeOf('main;parse;read 2', 'main;parse;parse 3', 'main;write 4', 'swap;Read 1'),
);

/** What a search finds: names, rows, value. */
function find(text: string): string {
  const term = termOf(text);
  assert.ok(term);
  const hits = searchFlame(LAYOUT, term);
  const names = LAYOUT.tree.names.filter((_, row) => hits.name[row] === 1);
  return `${names.join(' ')}: ${hits.rows} rows, ${hits.value}`;
}

test('searchFlame() counts the value of hits once, however they are nested', () => {
  assert.equal(find('parse'), 'parse: 2 rows, 5');
  assert.equal(find('main|parse'), 'main parse: 3 rows, 9');
  assert.equal(find('nothing'), ': 0 rows, 0');
});

test('termOf() minds case once a capital is typed, but not in a class such as \\S', () => {
  assert.equal(find('read'), 'Read read: 2 rows, 3');
  assert.equal(find('Read'), 'Read: 1 rows, 1');
  assert.equal(find('^r\\S+$'), 'Read read: 2 rows, 3');
});

test('termOf() looks for what is no regular expression as it stands', () => {
  const term = termOf('operator(');
  assert.equal(term?.isPattern, false);
  assert.ok(term?.pattern.test('X::operator()(int)'));
  assert.equal(termOf(''), undefined);
});

test('exactly() finds one name only', () => {
  const name = 'net/http.(*conn).serve[...]';
  const term = termOf(exactly(name));
  assert.equal(term?.isPattern, true);
  assert.ok(term?.pattern.test(name));
  assert.ok(!term?.pattern.test(`${name}.func1`));
});

test('before counts the hits of any run of boxes', () => {
  const hits = searchFlame(LAYOUT, termOf('read') ?? assert.fail());
  assert.equal((hits.before.at(-1) ?? 0) - (hits.before[0] ?? 0), 2);
  assert.equal(hits.before[1], 0);
});
