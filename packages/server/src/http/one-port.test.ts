import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { createLimits, type Limits } from '../limits.ts';
import { createOnePort } from './one-port.ts';

const HOST = '127.0.0.1';

/** A port that answers with the version of HTTP it was asked in. */
async function openPort(limits: Limits = createLimits()) {
  const onePort = createOnePort((request, response) => {
    response.end(`HTTP/${request.httpVersion}`);
  }, limits);
  const { port } = await onePort.listen(0, HOST);
  return {
    port,
    onePort,
    [Symbol.asyncDispose]: () => onePort.drain(AbortSignal.abort()),
  };
}

async function answerTo(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, HOST);
  await once(socket, 'connect');
  socket.write(bytes);
  return await text(socket);
}

async function http1Answer(port: number): Promise<string> {
  const [response] = await once(get({ host: HOST, port, agent: false }), 'response');
  return await text(response);
}

async function http2Answer(port: number): Promise<string> {
  const session = connectHttp2(`http://${HOST}:${port}`);
  try {
    return await text(session.request({ ':path': '/' }));
  } finally {
    session.close();
  }
}

test('one port speaks HTTP/1.1 and HTTP/2', async () => {
  await using server = await openPort();
  assert.equal(await http1Answer(server.port), 'HTTP/1.1');
  assert.equal(await http2Answer(server.port), 'HTTP/2.0');
  assert.equal(await http1Answer(server.port), 'HTTP/1.1');
});

test('a request that begins like the HTTP/2 preface, and comes byte by byte, is understood', async () => {
  await using server = await openPort();
  const socket = connect(server.port, HOST);
  await once(socket, 'connect');
  for (const byte of 'PROPFIND / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n') {
    await new Promise((resolve) => socket.write(byte, resolve));
  }
  assert.match(await text(socket), /^HTTP\/1\.1 200 OK/);
});

test('what is no HTTP gets an answer that says so', async () => {
  await using server = await openPort();
  assert.match(
    await answerTo(server.port, 'GARBAGE\r\n\r\n'),
    /^HTTP\/1\.1 400.*invalid_argument/s,
  );
  assert.match(await answerTo(server.port, Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3])), /400/);
  assert.equal(await http1Answer(server.port), 'HTTP/1.1');
});

test('headers beyond the bound are refused and counted', async () => {
  const limits = createLimits({ header_bytes: 1_024 });
  await using server = await openPort(limits);
  const request = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(4_000)}\r\n\r\n`;
  assert.match(await answerTo(server.port, request), /^HTTP\/1\.1 431/);
  assert.equal(hits(limits, 'header_bytes'), 1);
});

test('a peer that says nothing, or begins and stops, is cut off and counted', async () => {
  const limits = createLimits({ preface_timeout: 20, headers_timeout: 20, body_timeout: 40 });
  await using server = await openPort(limits);
  assert.equal(await answerTo(server.port, ''), '');
  assert.equal(await answerTo(server.port, 'PR'), '');
  assert.equal(hits(limits, 'preface_timeout'), 2);
  assert.match(await answerTo(server.port, 'GET / HTTP/1.1\r\nhost:'), /^HTTP\/1\.1 408/);
  assert.equal(hits(limits, 'headers_timeout'), 1);
});

test('a port in use is an error that says what to do', async () => {
  await using server = await openPort();
  const other = createOnePort(() => {}, createLimits());
  await assert.rejects(other.listen(server.port, HOST), {
    code: 'unavailable',
    message: `port ${server.port} on ${HOST} is in use: stop what listens there, or choose another with --port`,
  });
});

test('draining lets an answer that was begun end, and closes what is idle', async () => {
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const go = Promise.withResolvers<void>();
  const onePort = createOnePort((request, response) => {
    response.write('first ');
    begun[request.httpVersionMajor - 1]?.resolve();
    void go.promise.then(() => response.end('last'));
  }, createLimits());
  const { port } = await onePort.listen(0, HOST);
  const idle = connect(port, HOST);
  await once(idle, 'connect');
  const answers = [http1Answer(port), http2Answer(port)];
  await Promise.all(begun.map(({ promise }) => promise));
  const drained = onePort.drain(new AbortController().signal);
  go.resolve();
  assert.deepEqual(await Promise.all(answers), ['first last', 'first last']);
  await drained;
  idle.destroy();
});

function hits(limits: Limits, name: string): number | undefined {
  return limits.list().find((limit) => limit.name === name)?.hits;
}
