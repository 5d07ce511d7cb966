import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'node:test';
import { listeningPorts, parseListeners } from './listening-ports.ts';

const line = (local: string, state: string): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 77 1`;

test('parseListeners() gives addresses that can be dialled, of listening sockets only', () => {
  const text = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    line('0100007F:1F90', '0A'),
    line('00000000:0050', '0A'),
    line('0500000A:0051', '01'),
    line('0500000A:0052', '0A'),
    line('00000000000000000000000000000000:17AC', '0A'),
    line('0000000000000000FFFF00000100007F:17AD', '0A'),
    line('B80D0120000000000000000001000000:17AE', '0A'),
    line('nonsense', '0A'),
  ].join('\n');
  const found = parseListeners(text).map(({ address, port }) => `${address} ${port}`);
  assert.deepEqual(found, [
    '127.0.0.1 8080',
    '127.0.0.1 80',
    '10.0.0.5 82',
    '::1 6060',
    '127.0.0.1 6061',
    '2001:db8:0:0:0:0:0:1 6062',
  ]);
});

test('listeningPorts() finds the ports of this process', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const ports = listeningPorts(process.pid);
  assert.ok(ports.some(({ port }) => port === address.port));
  server.close();
  assert.deepEqual(listeningPorts(2 ** 22 + 1), []);
});
