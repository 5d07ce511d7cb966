/** The page: laying out and drawing a tree of a million functions, and what the page weighs. */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { encodeFlameTree, QueryService, StatusService } from '@kube-eagle/api';
import {
  boxesIn,
  type CallTree,
  CPU,
  layOutFlame,
  profileTypeId,
  zoomTo,
} from '@kube-eagle/profile';
import { type Browser, chromium, type Page } from 'playwright-core';
import { buildPage, servePage } from '../test/web/page-server.ts';
import { type Bench, type Figure, median } from './figure.ts';
import { createRandom } from './random.ts';

const NODES = 1_000_000;
const NAMES = 20_000;
const MAX_DEPTH = 80;
const CHROMIUM = '/usr/bin/chromium';
const ROUNDS = 5;
const VIEWPORT = { width: 1440, height: 900 };

/** A tree of calls as deep and as bushy as a busy cluster's; the same on every run. */
function createTree(): CallTree {
  const random = createRandom(7);
  const parent = new Int32Array(NODES);
  const name = new Int32Array(NODES);
  const kind = new Uint8Array(NODES);
  const self = new Float64Array(NODES);
  const path = [0];
  parent[0] = -1;
  for (let row = 1; row < NODES; row++) {
    const isDeep = path.length >= MAX_DEPTH;
    if (isDeep || random() < 0.45)
      path.length -= Math.min(path.length - 1, 1 + Math.floor(random() * 3));
    if (random() < 0.002) path.length = 1 + Math.floor(random() * Math.min(path.length, 8));
    parent[row] = path.at(-1) ?? 0;
    name[row] = 1 + Math.floor(random() * NAMES);
    kind[row] = 1 + Math.floor(random() * 7);
    self[row] = Math.ceil(random() ** 6 * 1e9);
    path.push(row);
  }
  const total = Float64Array.from(self);
  for (let row = NODES - 1; row > 0; row--) {
    const above = parent[row] ?? 0;
    total[above] = (total[above] ?? 0) + (total[row] ?? 0);
  }
  const names = Array.from(
    { length: NAMES + 1 },
    (_, at) => `shop/part${at % 97}.(*Thing).method${at}`,
  );
  return { length: NODES, parent, name, kind, self, total, names };
}

function budgeted(name: string, value: number, unit: string, most: number): Figure {
  return { name, value, unit, budget: `≤ ${most}`, within: value <= most };
}

/** Sizes, then the layout alone, then the page in a real browser. */
export const flame: Bench = async function* () {
  using page = buildPage();
  yield budgeted('page, gzip', pageKilobytes(page.path), 'kB', 200);
  const tree = createTree();
  const layouts: number[] = [];
  const views: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    const layout = layOutFlame(tree);
    layouts.push(performance.now() - began);
    const drawn = performance.now();
    boxesIn(layout, {
      ...zoomTo(layout, 0),
      widthPx: VIEWPORT.width,
      firstLevel: 0,
      levels: 45,
      minWidthPx: 1.5,
    });
    views.push(performance.now() - drawn);
  }
  yield { name: 'layout, 1 M nodes', value: median(layouts), unit: 'ms' };
  yield { name: 'boxes of a view, 1 M nodes', value: median(views), unit: 'ms' };
  await using browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  yield* inBrowser(browser, page.path, tree);
};

/** What a browser loads to show the page. */
function pageKilobytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const bytes = files
    .filter((file) => file.isFile())
    .map((file) => gzipSync(readFileSync(`${file.parentPath}/${file.name}`)).length);
  return bytes.reduce((sum, size) => sum + size, 0) / 1_000;
}

async function* inBrowser(browser: Browser, folder: string, tree: CallTree): AsyncIterable<Figure> {
  const columns = encodeFlameTree(tree);
  await using server = await servePage(folder, (router) => {
    router.service(StatusService, { status: () => ({}) });
    router.service(QueryService, {
      profileTypes: () => ({ profileTypes: [profileTypeId(CPU)] }),
      labels: () => ({}),
      timeline: () => ({ stepMs: 10_000 }),
      top: () => ({ unit: CPU.sampleUnit }),
      flameTree: () => ({ ...columns, unit: CPU.sampleUnit }),
    });
  });
  const paints: number[] = [];
  const redraws: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const page = await browser.newPage({ viewport: VIEWPORT });
    await page.addInitScript(RECORD);
    await page.goto(`${server.url}/?view=graph`);
    while ((await page.evaluate('redraws.length')) === 0) await page.waitForTimeout(20);
    paints.push(await page.evaluate<number>('answeredToDrawn()'));
    redraws.push(...(await zoomInAndOut(page)));
    await page.close();
  }
  yield budgeted('first paint after the answer, 1 M nodes', median(paints), 'ms', 600);
  const sorted = redraws.toSorted((a, b) => a - b);
  const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN;
  yield budgeted(`redraw p95 of ${sorted.length}, 1 M nodes`, p95, 'ms', 16);
}

/** Keeps each redraw's time; the first paint begins when the tree's last byte is in. */
const RECORD = `
  globalThis.redraws = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) redraws.push({ start: entry.startTime, ms: entry.duration });
  }).observe({ type: 'measure' });
  globalThis.answeredToDrawn = () => {
    const answer = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/FlameTree'));
    return redraws[0].start + redraws[0].ms - answer.responseEnd;
  };
`;

/** Glides to the largest functions, level by level, and back; gives the time of every redraw in ms. */
async function zoomInAndOut(page: Page): Promise<number[]> {
  await page.evaluate('redraws.length = 0');
  await page.getByRole('tree').focus();
  for (const key of ['ArrowDown', 'Enter', 'ArrowDown', 'Enter', 'ArrowDown', 'Enter', 'Escape']) {
    await page.keyboard.press(key);
    if (key !== 'ArrowDown') await page.waitForTimeout(400);
  }
  return page.evaluate<number[]>('redraws.map(({ ms }) => ms)');
}
