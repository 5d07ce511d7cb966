import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { writeFlameSvg } from '@kube-eagle/profile';
import { treeOf } from '@kube-eagle/profile/testing';
import { chromium, type Page } from 'playwright-core';
import { ROOT, temporaryFolder } from '../harness.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARTIFACTS = `${ROOT}/artifacts`;
const skip = !existsSync(CHROMIUM) && `no ${CHROMIUM}: apt install chromium`;

const LONG = `shop::${'deeply_nested_'.repeat(40)}end`;
const HOSTILE = `</title><script>document.title='broken'</script><b onload="x">&lt]]>`;
const TREE = treeOf('main;work;read 6', 'main;work 2', `main;${LONG} 1`, `main;${HOSTILE} 1`);

/** What a box of the picture looks like: its name, place and width in pixels, and the text on it. */
interface Box {
  readonly name: string;
  readonly x: number;
  readonly width: number;
  readonly text: string;
  readonly isHit: boolean;
}

/** For the picture: the boxes that can be seen. */
const BOXES = `[...document.querySelectorAll('.frames > g')]
  .filter((g) => getComputedStyle(g).display !== 'none')
  .map((g) => {
    const [title, rect, text] = g.children;
    return { name: title.textContent.split('\\n')[0], x: Number(rect.getAttribute('x')),
      width: Number(rect.getAttribute('width')), text: text.textContent, isHit: g.matches('.hit') };
  })`;

const boxes = (tab: Page): Promise<Box[]> => tab.evaluate(BOXES);

/** Opens the picture as a file, as who was sent it does; gives what went wrong in it, too. */
async function withPicture(work: (tab: Page) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  const path = `${folder.path}/flame.svg`;
  writeFileSync(path, writeFlameSvg(TREE, { title: HOSTILE, unit: 'count', width: 1_000 }));
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const tab = await browser.newPage({ viewport: { width: 1_100, height: 400 } });
    const troubles: string[] = [];
    tab.on('console', (message) => troubles.push(message.text()));
    tab.on('pageerror', (error) => troubles.push(error.message));
    tab.on('request', (request) => {
      if (!request.url().startsWith('file:')) troubles.push(request.url());
    });
    await tab.goto(pathToFileURL(path).href);
    await work(tab);
    assert.deepEqual(troubles, []);
  } finally {
    await browser.close();
  }
}

test('a picture zooms to what is clicked and back, by pointer and by keys', { skip }, () =>
  withPicture(async (tab) => {
    const whole = await boxes(tab);
    assert.equal(whole.length, 6);
    await tab.locator('.frames > g', { hasText: /^work\n/ }).click();
    const zoomed = await boxes(tab);
    assert.deepEqual(
      zoomed.map(({ name, x, width }) => [name, x, width]),
      [
        ['total', 0, 1_000],
        ['main', 0, 1_000],
        ['work', 0, 1_000],
        ['read', 0, 750],
      ],
    );
    mkdirSync(ARTIFACTS, { recursive: true });
    await tab.screenshot({ path: `${ARTIFACTS}/svg-zoomed.png` });
    await tab.getByRole('button', { name: 'Reset zoom' }).click();
    assert.deepEqual(await boxes(tab), whole);
    await tab.locator('.frames > g').first().focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await tab.keyboard.press(key);
    assert.ok((await boxes(tab)).length < whole.length);
    await tab.keyboard.press('Escape');
    assert.deepEqual(await boxes(tab), whole);
  }),
);

test('a picture marks what is searched for and says its share', { skip }, () =>
  withPicture(async (tab) => {
    await tab.locator('.frames > g').first().focus();
    await tab.keyboard.press('/');
    await tab.keyboard.type('^(work|read)$');
    assert.equal(await tab.locator('output').textContent(), 'matched 80.0 %');
    const hits = (await boxes(tab)).filter(({ isHit }) => isHit).map(({ name }) => name);
    assert.deepEqual(hits, ['work', 'read']);
    await tab.getByRole('searchbox').fill('(');
    assert.equal(await tab.locator('output').textContent(), '');
    assert.ok(await tab.locator('input:invalid').count());
  }),
);

test('names that are long are cut to their box, hostile ones are only text', { skip }, () =>
  withPicture(async (tab) => {
    const all = await boxes(tab);
    const long = all.find(({ name }) => name === LONG);
    assert.match(long?.text ?? '', /^shop::deeply\w*…$/);
    const fits = `[...document.querySelectorAll('.frames > g')].every((g) =>
      g.children[2].getComputedTextLength() <= Number(g.children[1].getAttribute('width')))`;
    assert.ok(await tab.evaluate(fits));
    assert.ok(all.some(({ name }) => name === HOSTILE));
    assert.equal(await tab.title(), HOSTILE);
    assert.equal(await tab.locator('script').count(), 1);
  }),
);
