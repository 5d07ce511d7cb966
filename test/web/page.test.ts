import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import test from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ROOT } from '../harness.ts';
import { buildPage, type PageServer, servePage } from './page-server.ts';
import { shopProfile } from './shop.ts';
import { shopServices } from './shop-service.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARTIFACTS = `${ROOT}/artifacts`;
const WINDOWS = 360;
/** Fewer than the shop's tree has, so that branches are cut. */
const MAX_ROWS = 60;

const skip = !existsSync(CHROMIUM) && `no ${CHROMIUM}: apt install chromium`;

/** A tab of the shop's page, and what went wrong in it. */
interface Visit extends AsyncDisposable {
  readonly tab: Page;
  readonly server: PageServer;
  /** Errors of the console and requests to other origins. */
  readonly troubles: string[];
}

const browser: Promise<Browser> | undefined = skip
  ? undefined
  : chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
const built = skip ? undefined : buildPage();
test.after(async () => {
  await (await browser)?.close();
  built?.[Symbol.dispose]();
});

async function visit(query: string, maxRows: number = MAX_ROWS): Promise<Visit> {
  if (browser === undefined || built === undefined) throw new Error('expected a browser');
  const services = shopServices(shopProfile(Date.now(), WINDOWS), maxRows);
  const server = await servePage(built.path, services);
  const tab = await (await browser).newPage({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    colorScheme: 'light',
  });
  const troubles: string[] = [];
  tab.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
  tab.on('pageerror', (error) => troubles.push(error.message));
  tab.on('request', (request) => {
    if (!request.url().startsWith(server.url)) troubles.push(request.url());
  });
  await tab.goto(`${server.url}/${query}`);
  await tab.getByRole('searchbox').waitFor();
  return {
    tab,
    server,
    troubles,
    async [Symbol.asyncDispose]() {
      await tab.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** For the page: how many tones of red the picture has. */
const COUNT_COLOURS = `(() => {
  const canvas = document.querySelector('.flame-canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, 200);
  return new Set(data.filter((_, at) => at % 4 === 0)).size;
})()`;

/** For the page: what a pointer does is on the screen two frames later. */
const NEXT_FRAMES = `new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))`;

/** Parameters of the tab's URL. */
const query = (tab: Page): URLSearchParams => new URL(tab.url()).searchParams;

/** The sentence about the function that is selected in the graph. */
async function selected(tab: Page): Promise<string> {
  const text = await tab.getByRole('treeitem', { selected: true }).textContent();
  return text ?? '';
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Moves over the graph as a person would, until the tooltip names a function; gives the place. */
async function find(tab: Page, name: string): Promise<Point> {
  const box = await tab.getByRole('tree').boundingBox();
  assert.ok(box);
  const tooltip = tab.locator('.tooltip-name', { hasText: name });
  const recent: Point[] = [];
  for (let y = box.y + 10; y < box.y + 300; y += 20) {
    for (let x = box.x + 4; x < box.x + box.width; x += 32) {
      recent.push({ x, y });
      await tab.mouse.move(x, y);
      if ((await tooltip.count()) === 0) continue;
      // The tooltip comes a frame later: it may be that of a place just left.
      for (const point of recent.slice(-3).reverse()) {
        await tab.mouse.move(point.x, point.y);
        await tab.evaluate(NEXT_FRAMES);
        if ((await tooltip.count()) > 0) return point;
      }
    }
  }
  return assert.fail(`${name} is not in the graph`);
}

test('the page shows the profile, and how far to trust it, without a complaint', {
  skip,
}, async () => {
  await using shop = await visit('');
  const { tab, troubles } = shop;
  await tab.getByRole('cell', { name: 'encoding/json.(*decodeState).value' }).waitFor();
  assert.match((await tab.getByLabel('Quality of the data').textContent()) ?? '', /samples/);
  const painted = await tab.evaluate<number>(COUNT_COLOURS);
  assert.ok(painted > 10, `expected a picture of many colours, got ${painted}`);
  mkdirSync(ARTIFACTS, { recursive: true });
  await tab.screenshot({ path: `${ARTIFACTS}/page-light.png` });
  assert.deepEqual(troubles, []);
});

test('a click zooms to a function, the way back is in the history, a reload keeps it', {
  skip,
}, async () => {
  await using shop = await visit('?view=graph');
  const { tab, troubles } = shop;
  const at = await find(tab, 'main.(*Cart).ServeHTTP');
  await tab.mouse.click(at.x, at.y);
  await tab.getByRole('navigation', { name: 'Zoom' }).waitFor();
  const zoom = query(tab).getAll('zoom');
  assert.equal(zoom.at(-1), 'main.(*Cart).ServeHTTP');
  assert.equal(zoom[0], 'runtime.goexit');
  await tab.reload();
  await tab.getByRole('navigation', { name: 'Zoom' }).waitFor();
  assert.match(await selected(tab), /^main\.\(\*Cart\)\.ServeHTTP, /);
  await tab.goBack();
  await tab.getByRole('navigation', { name: 'Zoom' }).waitFor({ state: 'detached' });
  assert.deepEqual(query(tab).getAll('zoom'), []);
  assert.deepEqual(troubles, []);
});

test('zooming to where branches were cut loads them', { skip }, async () => {
  await using shop = await visit('?view=graph');
  const { tab, troubles } = shop;
  const at = await find(tab, 'Cut below rank');
  await tab.mouse.click(at.x, at.y);
  await tab.getByRole('button', { name: 'rank', exact: true }).waitFor();
  await find(tab, 'sort_by_score');
  assert.deepEqual(troubles, []);
});

test('the search says how much it matches, and Back undoes it as a whole', { skip }, async () => {
  await using shop = await visit('');
  const { tab, troubles } = shop;
  await tab.keyboard.press('/');
  await tab.keyboard.type('^tcp_(send|recv)msg$');
  await tab.getByText(/\d+\.\d % matched/).waitFor();
  assert.equal(query(tab).get('search'), '^tcp_(send|recv)msg$');
  assert.equal(await tab.locator('tbody').getByRole('row').count(), 2);
  await tab.getByRole('searchbox').fill('json.(');
  await tab.getByText('as plain text').waitFor();
  assert.deepEqual(troubles, []);
});

test('a row of the table searches for its function, a second click ends that', {
  skip,
}, async () => {
  await using shop = await visit('?sort=name');
  const { tab } = shop;
  const row = tab.getByRole('row').filter({ hasText: 'runtime.scanobject' });
  await row.click();
  assert.equal(query(tab).get('search'), '^runtime\\.scanobject$');
  await tab.getByRole('row').filter({ hasText: 'runtime.scanobject' }).click();
  assert.equal(query(tab).get('search'), null);
  assert.deepEqual(shop.troubles, []);
});

test('a drag over the timeline chooses the time', { skip }, async () => {
  await using shop = await visit('?view=graph');
  const { tab, troubles } = shop;
  const plot = await tab.locator('.u-over').boundingBox();
  assert.ok(plot);
  const samples = tab.getByLabel('Quality of the data').locator('b').first();
  const before = await samples.textContent();
  await tab.mouse.move(plot.x + plot.width * 0.4, plot.y + 20);
  await tab.mouse.down();
  await tab.mouse.move(plot.x + plot.width * 0.6, plot.y + 30, { steps: 4 });
  await tab.mouse.up();
  await tab.waitForURL((url) => url.searchParams.has('from'));
  const [from, to] = ['from', 'to'].map((name) => Date.parse(query(tab).get(name) ?? ''));
  assert.ok(Math.abs((to ?? 0) - (from ?? 0) - 720_000) < 30_000, 'a fifth of an hour');
  await samples.filter({ hasNotText: before ?? '' }).waitFor();
  assert.deepEqual(troubles, []);
});

test('labels are chosen from what there is, and a wrong selector is not asked', {
  skip,
}, async () => {
  await using shop = await visit('?view=table');
  const { tab, troubles } = shop;
  await tab.getByRole('button', { name: 'Filter by a label' }).click();
  await tab.getByRole('button', { name: 'service_name', exact: true }).click();
  await tab.getByRole('button', { name: 'orders', exact: true }).click();
  await tab.waitForURL((url) => url.searchParams.get('q') === '{service_name="orders"}');
  await tab.getByRole('cell', { name: 'cblas_sgemm' }).waitFor({ state: 'detached' });
  await tab.getByLabel('Selector', { exact: true }).fill('{service_name=');
  await tab.getByRole('alert').waitFor();
  await tab.getByLabel('Selector', { exact: true }).fill('{service_name="nobody"}');
  await tab.keyboard.press('Enter');
  await tab.getByRole('heading', { name: 'No profiles here' }).waitFor();
  assert.deepEqual(troubles, []);
});

test('the graph can be walked, zoomed and copied from by keyboard', { skip }, async () => {
  await using shop = await visit('?view=graph');
  const { tab, troubles } = shop;
  await tab.getByRole('tree').focus();
  await tab.keyboard.press('ArrowDown');
  assert.match(await selected(tab), /^runtime\.goexit, \d+\.\d % total, .* \d+ of \d+$/);
  await tab.keyboard.press('ArrowDown');
  await tab.keyboard.press('Enter');
  assert.deepEqual(query(tab).getAll('zoom'), ['runtime.goexit', 'net/http.(*conn).serve']);
  await tab.keyboard.press('c');
  await tab.getByText(/^Copied the stack|did not let/).waitFor();
  await tab.keyboard.press('Escape');
  assert.deepEqual(query(tab).getAll('zoom'), []);
  await tab.keyboard.press('?');
  await tab.getByRole('dialog').waitFor();
  await tab.keyboard.press('Escape');
  await tab.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(troubles, []);
});

test('callers are whole where callees were cut, and those that were cut load', {
  skip,
}, async () => {
  // So few that no leaf of the tree of callees is among them.
  await using shop = await visit('?view=graph&order=callers&zoom=cblas_sgemm', 12);
  const { tab, troubles } = shop;
  await tab.getByRole('navigation', { name: 'Zoom' }).waitFor();
  assert.match(await selected(tab), /^cblas_sgemm, 10\.\d % total/);
  await find(tab, 'serve_forever');
  assert.deepEqual(troubles, []);
});

test('callers, flames and the dark theme are kept in the URL', { skip }, async () => {
  await using shop = await visit('?view=graph');
  const { tab, troubles } = shop;
  await tab.getByRole('button', { name: 'Callers' }).click();
  await tab.getByRole('button', { name: 'Flame', exact: true }).click();
  await tab.getByRole('button', { name: /^Theme: auto/ }).click();
  await tab.getByRole('button', { name: /^Theme: light/ }).click();
  assert.equal(query(tab).toString(), 'view=graph&order=callers&growth=flame&theme=dark');
  await tab.reload();
  await tab.getByRole('tree').waitFor();
  const ground = await tab.evaluate('getComputedStyle(document.body).backgroundColor');
  assert.equal(ground, 'rgb(16, 19, 24)');
  assert.equal(
    await tab.getByRole('button', { name: 'Flame', exact: true }).getAttribute('aria-pressed'),
    'true',
  );
  await tab.screenshot({ path: `${ARTIFACTS}/page-dark.png` });
  assert.deepEqual(troubles, []);
});

test('exports are of what is shown', { skip }, async () => {
  await using shop = await visit('?q=%7Bservice_name%3D%22cart%22%7D');
  const { tab } = shop;
  await tab.getByRole('button', { name: 'Export' }).click();
  const url = new URL((await tab.getByRole('link', { name: 'pprof' }).getAttribute('href')) ?? '');
  assert.equal(url.pathname, '/export');
  assert.equal(url.searchParams.get('format'), 'pprof');
  assert.equal(url.searchParams.get('selector'), '{service_name="cart"}');
  assert.equal(url.searchParams.get('profile_type'), 'process_cpu:cpu:nanoseconds:cpu:nanoseconds');
  assert.ok(Number(url.searchParams.get('to_ms')) > Number(url.searchParams.get('from_ms')));
});

test('a server that went away is said so, with a way to try again', { skip }, async () => {
  await using shop = await visit('?view=graph');
  const { tab, server } = shop;
  await server[Symbol.asyncDispose]();
  await tab.getByRole('button', { name: 'Refresh', exact: false }).click();
  await tab.getByRole('heading', { name: 'The server did not answer' }).waitFor();
  await tab.getByRole('button', { name: 'Try again' }).waitFor();
});
