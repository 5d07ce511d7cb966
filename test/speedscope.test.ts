import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import test from 'node:test';
import {
  CPU,
  createProfileBuilder,
  labelsOf,
  NONE,
  writePprof,
  writeSpeedscope,
} from '@kube-eagle/profile';
import { chromium } from 'playwright-core';
import { ROOT } from './harness.ts';

const CHROMIUM = '/usr/bin/chromium';
const SPEEDSCOPE = join(ROOT, 'node_modules/speedscope/dist/release');
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

function example() {
  const builder = createProfileBuilder();
  const frame = (name: string) => builder.frame({ function: builder.function(name, 'shop.c') });
  const main = builder.stack(NONE, frame('main'));
  const checkout = builder.stack(main, frame('checkout'));
  const series = builder.series(labelsOf([['service_name', 'shop']]), CPU);
  builder.sample({ timeMs: 1_000, series, stack: checkout, value: 7e9 });
  builder.sample({ timeMs: 1_000, series, stack: main, value: 3e9 });
  return builder.finish(1_000, 1e10);
}

/** What speedscope is given, by its path. */
const FILES: Readonly<Record<string, () => string | Uint8Array>> = {
  '/shop.speedscope.json': () => [...writeSpeedscope(example(), { name: 'shop' })].join(''),
  '/shop.pprof': () => writePprof(example()),
};

function serve() {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    const made = FILES[path]?.();
    const file = join(SPEEDSCOPE, path === '/' ? 'index.html' : path);
    if (made !== undefined) response.end(made);
    else if (!file.startsWith(SPEEDSCOPE) || !existsSync(file)) response.writeHead(404).end();
    else {
      const type = MEDIA_TYPES[extname(file)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type }).end(readFileSync(file));
    }
  });
  return new Promise<typeof server>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(server)),
  );
}

for (const path of Object.keys(FILES)) {
  test(`speedscope's own importer reads ${path.slice(1)}`, async (t) => {
    if (!existsSync(CHROMIUM)) return t.skip(`no ${CHROMIUM}: apt install chromium`);
    const server = await serve();
    await using browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    try {
      const page = await browser.newPage();
      const { port } = server.address() as AddressInfo;
      await page.goto(
        `http://127.0.0.1:${port}/#profileURL=${encodeURIComponent(path)}&view=sandwich`,
      );
      const rows = page.locator('tr');
      await rows.filter({ hasText: 'checkout' }).waitFor({ timeout: 30_000 });
      const texts = (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
      assert.match(
        texts.find((text) => text.includes('checkout')) ?? '',
        /^7\.00 ?s \(70%\) 7\.00 ?s \(70%\)/,
      );
      assert.match(
        texts.find((text) => text.includes('main')) ?? '',
        /^10\.00 ?s \(100%\) 3\.00 ?s \(30%\)/,
      );
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  });
}
