import assert from 'node:assert/strict';
import test from 'node:test';
import { Script } from 'node:vm';
import fc from 'fast-check';
import { treeOf } from '../testing.ts';
import { writeFlameSvg } from './svg.ts';
import { SVG_SCRIPT } from './svg-script.ts';

const OPTIONS = { title: 'cpu of shop', unit: 'nanoseconds' };

/** Name, x, width and level of each box. */
function boxesOf(svg: string): string[] {
  const box =
    /data-l="(\d+)"><title>([^\n]*)\n[^<]*<\/title><rect x="([\d.]+)" y="\d+" width="([\d.]+)"/g;
  return [...svg.matchAll(box)].map(
    ([, level, name, x, width]) => `${'  '.repeat(Number(level))}${name} ${x} ${width}`,
  );
}

/** Elements that are open at the end of XML text, having thrown where tags do not nest. */
function openElements(xml: string): string[] {
  const open: string[] = [];
  const content = xml.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '');
  for (const [, close, name = '', empty] of content.matchAll(
    /<(\/?)([A-Za-z]+)(?:\s+[\w-]+="[^"<]*")*\s*(\/?)>/g,
  )) {
    if (close) assert.equal(open.pop(), name);
    else if (!empty) open.push(name);
  }
  assert.equal(content.replace(/<\/?[A-Za-z][^<>]*>/g, '').match(/[<>]/), null);
  return open;
}

test('writeFlameSvg() lays children out below their parent, in proportion', () => {
  const svg = writeFlameSvg(treeOf('main;a 1', 'main;b 2', 'main 1'), { ...OPTIONS, width: 400 });
  assert.deepEqual(boxesOf(svg), ['total 0 400', '  main 0 400', '    a 0 100', '    b 100 200']);
  assert.match(svg, /50\.0 %, 2 ns with callees, 2 ns itself/);
  assert.deepEqual(openElements(svg), []);
});

test('writeFlameSvg() refers to nothing outside and its script compiles', () => {
  const svg = writeFlameSvg(treeOf('a 1'), OPTIONS);
  const addresses = [...svg.matchAll(/(?:https?:)?\/\/[\w.]+/g)].map(([address]) => address);
  assert.deepEqual([...new Set(addresses)], ['http://www.w3.org']);
  assert.doesNotMatch(svg, /href|src=|url\(|@import/);
  assert.ok(new Script(SVG_SCRIPT));
});

test('writeFlameSvg() draws the largest rows of many and says what is missing', () => {
  const lines = Array.from({ length: 10_500 }, (_, at) => `f${at} ${1 + (at % 7)}`);
  const svg = writeFlameSvg(treeOf(...lines), OPTIONS);
  assert.equal(boxesOf(svg).length, 10_000);
  assert.match(svg, /501 small branches are not drawn/);
});

test('writeFlameSvg() of nothing is a picture with its root', () => {
  assert.deepEqual(boxesOf(writeFlameSvg(treeOf(), OPTIONS)), ['total 0 0']);
});

test('writeFlameSvg() escapes whatever a name holds', () => {
  const hostile = '</title><script>alert(1)</script>]]>&"\'\u0000\u001b\ud800';
  const svg = writeFlameSvg(treeOf(`${hostile} 1`), { ...OPTIONS, title: hostile });
  assert.equal(svg.match(/<script/g)?.length, 1);
  assert.deepEqual(openElements(svg), []);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const picture = writeFlameSvg(treeOf(`x${name.replace(/\s/g, '')} 1`), {
        ...OPTIONS,
        title: name,
      });
      assert.deepEqual(openElements(picture), []);
      assert.ok(picture.isWellFormed());
      assert.doesNotMatch(picture, /[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/u);
    }),
    { numRuns: 50 },
  );
});
