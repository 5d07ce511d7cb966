import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { ROUTES } from '@kube-eagle/api';
import { openTestServer } from '../../packages/server/src/testing.ts';
import { assertWorks } from './good-requests.ts';

test('a connection that is no good HTTP is ended, and the next request works', async (t) => {
  await using server = await openTestServer();
  const port = Number(new URL(server.url).port);
  for (const [name, bytes, answers] of [
    ['bytes that are no HTTP', 'GARBAGE\r\n\r\n', /^HTTP\/1\.1 400/],
    ['a TLS greeting', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]), /^HTTP\/1\.1 400/],
    ['headers without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(40_000)}`, /^HTTP\/1\.1 431/],
    [
      'an HTTP/2 preface and then garbage',
      `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'z'.repeat(99)}`,
      /./,
    ],
  ] as const) {
    await t.test(`${name}`, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(bytes);
      assert.match(await text(socket), answers);
      await assertWorks(port);
    });
  }
  await t.test('a peer that hangs up in the middle of a body', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const head = `POST ${ROUTES.otlp} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n`;
    await new Promise((resolve) =>
      socket.write(`${head}content-type: application/x-protobuf\r\n\r\nhalf`, resolve),
    );
    socket.destroy();
    await assertWorks(port);
  });
});
