import assert from 'node:assert/strict';
import test from 'node:test';
import { FRAME_KINDS } from '@kube-eagle/profile';
import { packageOf, paletteOf, SHADES, shadesOf } from './colour.ts';

/** Red, green and blue of `#rrggbb`, 0 to 1, before their gamma. */
function linear(css: string): number[] {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(css.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

/** Contrast of two colours by WCAG 2: 1 to 21. */
function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [a, b]
    .map((css) => {
      const [red = 0, green = 0, blue = 0] = linear(css);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    })
    .sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

for (const theme of ['light', 'dark'] as const) {
  test(`text on every box of the ${theme} theme has a contrast of at least 4.5`, () => {
    const palette = paletteOf(theme);
    const pairs = [
      ...palette.boxes.map((box) => [box, palette.text] as const),
      [palette.hit, palette.hitText] as const,
      [palette.cut, palette.cutText] as const,
    ];
    for (const [box, text] of pairs) {
      assert.ok(contrast(box, text) >= 4.5, `${text} on ${box}: ${contrast(box, text)}`);
    }
  });

  test(`the ${theme} theme gives no two kinds the same colour`, () => {
    const { boxes } = paletteOf(theme);
    assert.equal(boxes.length, FRAME_KINDS.length * SHADES);
    const middle = FRAME_KINDS.map((_, kind) => boxes[kind * SHADES + 2]);
    assert.equal(new Set(middle).size, FRAME_KINDS.length);
  });
}

test('packageOf() finds what a function belongs to', () => {
  const names = {
    'github.com/acme/shop/cart.(*Cart).Add': 'github.com/acme/shop/cart',
    'runtime.gcBgMarkWorker': 'runtime',
    'java.util.HashMap.getNode': 'java.util',
    'std::vector<int, a::b>::push_back(int&&)': 'std',
    'tokio::runtime::park': 'tokio',
    tcp_sendmsg_locked: 'tcp',
    __do_softirq: '__do',
    main: 'main',
    '[libc.so.6]': '[libc.so',
  };
  assert.deepEqual(
    Object.keys(names).map((name) => packageOf(name)),
    Object.values(names),
  );
});

test('shadesOf() gives functions of one package one shade', () => {
  const [a, b, c] = shadesOf(['net/http.(*conn).serve', 'net/http.HandlerFunc.ServeHTTP', 'main']);
  assert.equal(a, b);
  assert.ok((c ?? SHADES) < SHADES);
});
