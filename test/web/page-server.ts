import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { ConnectRouter } from '@connectrpc/connect';
import { createConnectRouter } from '@connectrpc/connect';
import { createFetchHandler } from '@connectrpc/connect/protocol';
import { ROOT, temporaryFolder } from '../harness.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** A server of the built page and of services, on a free port of the loopback. */
export interface PageServer extends AsyncDisposable {
  readonly url: string;
}

/** The page as its source is now, in a folder that is removed at the end of its scope. */
export function buildPage(): { readonly path: string } & Disposable {
  const folder = temporaryFolder();
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const to = ['--outDir', folder.path, '--emptyOutDir', '--logLevel', 'warn'];
  execFileSync(process.execPath, [vite, 'build', 'packages/web', ...to], { cwd: ROOT });
  return folder;
}

/** Serves a built page under the strictest policy it is to work with, and `routes` beside it. */
export async function servePage(
  folder: string,
  routes: (router: ConnectRouter) => void,
): Promise<PageServer> {
  const router = createConnectRouter();
  routes(router);
  const handlers = new Map(
    router.handlers.map((handler) => [handler.requestPath, createFetchHandler(handler)]),
  );
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname;
    const handle = handlers.get(path);
    if (handle) void answer(handle, request, response);
    else sendFile(folder, path, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = new Headers(
    Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, `${value}`]),
  );
  const url = `http://${incoming.headers.host}${incoming.url}`;
  const request = new Request(url, { method: 'POST', headers, body: Buffer.concat(chunks) });
  const response = await handle(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

function sendFile(folder: string, path: string, response: ServerResponse): void {
  const file = join(folder, normalize(path === '/' ? '/index.html' : path));
  if (!file.startsWith(folder) || !existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    'content-type': MEDIA_TYPES[extname(file)] ?? 'application/octet-stream',
    'content-security-policy': "default-src 'self'",
  });
  response.end(readFileSync(file));
}
