import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import test from 'node:test';
import { AgentService, QueryService } from '@kube-eagle/api';
import { openTestServer } from '../testing.ts';

/** A tag without its value. */
const GARBAGE = Uint8Array.of(0xff, 0xff);
/** In the envelope of streams: no flags, then the length. */
const ENVELOPED = Uint8Array.of(0, 0, 0, 0, GARBAGE.length, ...GARBAGE);

const FLAME = `/${QueryService.typeName}/FlameTree`;
const WORK = `/${AgentService.typeName}/Work`;

const PROTOCOLS = [
  ['Connect', FLAME, 'application/proto', GARBAGE],
  ['a stream of Connect', WORK, 'application/connect+proto', ENVELOPED],
  ['gRPC', FLAME, 'application/grpc', ENVELOPED],
  ['a stream of gRPC', WORK, 'application/grpc', ENVELOPED],
  ['gRPC-web', FLAME, 'application/grpc-web+proto', ENVELOPED],
] as const;

/** All that is answered over HTTP/2, as text: status, trailers, body. */
async function answerTo(url: string, path: string, type: string, body: Uint8Array) {
  const session = connect(url);
  try {
    const request = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': type,
      te: 'trailers',
    });
    const trailers: object[] = [];
    request.on('trailers', (headers) => trailers.push(headers));
    request.end(body);
    const [headers] = await once(request, 'response');
    const text = (await buffer(request)).toString();
    return `${headers[':status']} ${text} ${JSON.stringify([headers, ...trailers])}`;
  } finally {
    session.destroy();
  }
}

test('a message that is not of its type is its sender’s fault, in every protocol', async () => {
  await using server = await openTestServer();
  for (const [name, path, type, body] of PROTOCOLS) {
    const answer = decodeURIComponent(await answerTo(server.url, path, type, body));
    assert.match(answer, /invalid_argument|"grpc-status":"3"|grpc-status: 3/, name);
    assert.match(answer, /expected kubeeagle\.v1\.\w+ as protobuf, got other bytes/, name);
  }
});
