import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeApi } from './kube-api.ts';

/** What goes wrong with a request. */
export type Fault =
  /** The answer is a status, with this Retry-After in seconds. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterS?: number }
  /** The watch tells that its version has expired. */
  | { readonly kind: 'expired_event' }
  /** The connection is cut after some bytes. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** Nothing more comes after some bytes, and nobody says so. */
  | { readonly kind: 'silence'; readonly afterBytes: number }
  /** The answer ends well after some bytes. */
  | { readonly kind: 'end'; readonly afterBytes: number }
  /** The answer comes in pieces of a few bytes. */
  | { readonly kind: 'pieces'; readonly pieceBytes: number }
  /** Something that is no JSON comes first. */
  | { readonly kind: 'garbage' };

/** A server in front of an API that misbehaves as it is told to: for tests. */
export interface FaultyProxy extends AsyncDisposable {
  readonly url: string;
  /** Lets the next requests of a sort go wrong, one fault each. */
  break(verb: 'list' | 'watch', ...faults: readonly Fault[]): void;
  /** Cuts all connections there are. */
  cut(): void;
  /** Faults that are still to come. */
  readonly left: number;
  /** Requests so far. */
  readonly requests: number;
}

/** A proxy that does no harm until it is told to. */
export async function openFaultyProxy(upstream: KubeApi): Promise<FaultyProxy> {
  const faults = { list: [] as Fault[], watch: [] as Fault[] };
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const path = request.url ?? '';
    const verb = path.includes('watch=true') ? 'watch' : 'list';
    const accept = request.headers.accept ?? '';
    const leaving = new AbortController();
    response.on('close', () => leaving.abort());
    const fault = faults[verb].shift();
    forward(upstream, { path, accept }, { response, fault, signal: leaving.signal }).catch(() =>
      response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    break: (verb, ...more) => void faults[verb].push(...more),
    cut: () => server.closeAllConnections(),
    get left() {
      return faults.list.length + faults.watch.length;
    },
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Exchange {
  readonly response: ServerResponse;
  readonly fault: Fault | undefined;
  readonly signal: AbortSignal;
}

async function forward(
  upstream: KubeApi,
  request: Parameters<KubeApi['get']>[0],
  { response, fault, signal }: Exchange,
): Promise<void> {
  if (fault?.kind === 'status') {
    const { status, retryAfterS } = fault;
    if (retryAfterS !== undefined) response.setHeader('retry-after', retryAfterS);
    response.writeHead(status);
    response.end(JSON.stringify({ kind: 'Status', code: status, message: 'as it was told to' }));
    return;
  }
  const answer = await upstream.get(request, signal);
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.flushHeaders();
  if (fault?.kind === 'garbage') response.write('<html>\n');
  if (fault?.kind === 'expired_event') {
    response.end(
      `${JSON.stringify({ type: 'ERROR', object: { code: 410, message: 'too old' } })}\n`,
    );
    return;
  }
  let leftBytes = fault && 'afterBytes' in fault ? fault.afterBytes : Number.POSITIVE_INFINITY;
  if (leftBytes === 0 && stopped(fault, response)) return;
  for await (const chunk of answer.body) {
    for (const piece of pieces(chunk.subarray(0, leftBytes), fault)) {
      await new Promise((resolve) => response.write(piece, resolve));
    }
    leftBytes -= chunk.length;
    if (leftBytes <= 0 && stopped(fault, response)) return;
  }
  response.end();
}

function* pieces(chunk: Uint8Array, fault: Fault | undefined): Iterable<Uint8Array> {
  const size = fault?.kind === 'pieces' ? fault.pieceBytes : Math.max(1, chunk.length);
  for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size);
}

/** Does to the connection what the fault wants; gives whether that is the end. */
function stopped(fault: Fault | undefined, response: ServerResponse): boolean {
  if (fault?.kind === 'reset') response.destroy();
  if (fault?.kind === 'end') response.end();
  return fault?.kind === 'reset' || fault?.kind === 'end' || fault?.kind === 'silence';
}
