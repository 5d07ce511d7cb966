import assert from 'node:assert/strict';
import test from 'node:test';
import { createGuard, type GuardedRequest, isLoopbackName } from './guard.ts';

const TOKEN = 'correct-horse-battery';

function request(change: Partial<GuardedRequest> = {}): GuardedRequest {
  return { method: 'POST', path: '/export', authority: '127.0.0.1:4040', headers: {}, ...change };
}

test('on loopback, only names of this machine are answered', () => {
  const guard = createGuard({ loopback: true, token: undefined });
  for (const authority of ['localhost:4040', '127.0.0.1', '[::1]:4040', 'eagle.localhost:1']) {
    guard(request({ authority }));
  }
  for (const authority of ['evil.example:4040', '127.0.0.1.evil.example', '10.0.0.1', '']) {
    assert.throws(() => guard(request({ authority })), { code: 'permission_denied' }, authority);
  }
});

test('elsewhere, any name is answered', () => {
  createGuard({ loopback: false, token: undefined })(request({ authority: 'eagle.shop.svc' }));
});

test('a page of another origin may send nothing', () => {
  const guard = createGuard({ loopback: true, token: undefined });
  guard(request({ headers: { origin: 'http://127.0.0.1:4040' } }));
  guard(request({ method: 'GET', headers: { origin: 'http://evil.example' } }));
  for (const origin of ['http://evil.example', 'http://127.0.0.1:8080', 'null', '']) {
    assert.throws(() => guard(request({ headers: { origin } })), { code: 'permission_denied' });
  }
});

test('with a token, only probes are answered without it', () => {
  const guard = createGuard({ loopback: false, token: TOKEN });
  guard(request({ path: '/healthz' }));
  guard(request({ path: '/readyz' }));
  guard(request({ headers: { authorization: `Bearer ${TOKEN}` } }));
  guard(request({ headers: { authorization: `bearer ${TOKEN}` } }));
  for (const authorization of [undefined, '', 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, TOKEN]) {
    const headers = authorization === undefined ? {} : { authorization };
    assert.throws(() => guard(request({ headers })), { code: 'unauthenticated' });
    assert.throws(() => guard(request({ path: '/metrics', headers })), { code: 'unauthenticated' });
  }
});

test('isLoopbackName() knows what only this machine can reach', () => {
  for (const host of ['localhost', '127.0.0.1', '127.8.8.8', '::1', '[::1]']) {
    assert.equal(isLoopbackName(host), true, host);
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.0.0.1.nip.io']) {
    assert.equal(isLoopbackName(host), false, host);
  }
});
