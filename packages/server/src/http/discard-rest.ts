import { type IncomingMessage, ServerResponse } from 'node:http';
import { constants, Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Limits } from '../limits.ts';

/**
 * Reads on and throws away what a refused peer still sends, so that it comes to read the refusal:
 * closing at once would reset the connection under it. Cuts it off after the limit `discard_timeout`.
 */
export function discardRest(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  limits: Limits,
): void {
  if (request.complete || request.destroyed) return;
  // To a peer that wants the connection closed, Node would close it with the answer's last byte.
  if (response instanceof ServerResponse) response.shouldKeepAlive = true;
  const cut = setTimeout(() => {
    limits.hit('discard_timeout');
    if (request instanceof Http2ServerRequest) request.stream.close(constants.NGHTTP2_NO_ERROR);
    else request.destroy();
  }, limits.value('discard_timeout'));
  cut.unref();
  request.once('close', () => clearTimeout(cut));
  request.once('end', () => clearTimeout(cut));
  request.resume();
}
