import type { IncomingMessage } from 'node:http';
import { constants, Http2ServerRequest } from 'node:http2';
import type { Limits } from '../limits.ts';

/**
 * Reads on and throws away what a refused peer still sends, so that it comes to read the refusal:
 * closing at once would reset the connection under it. Cuts it off after the limit `discard_timeout`.
 */
export function discardRest(request: IncomingMessage | Http2ServerRequest, limits: Limits): void {
  if (request.complete || request.destroyed) return;
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
