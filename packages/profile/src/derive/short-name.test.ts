import assert from 'node:assert/strict';
import test from 'node:test';
import { shortName } from './short-name.ts';

test('shortName() drops path, package, class and parameters as far as needed, then cuts', () => {
  const cases: [string, number, string][] = [
    ['main', 10, 'main'],
    ['main', 2, ''],
    ['github.com/acme/cart.(*Cart).Add', 40, 'github.com/acme/cart.(*Cart).Add'],
    ['github.com/acme/cart.(*Cart).Add', 20, 'cart.(*Cart).Add'],
    ['net/http.(*conn).serve', 14, '(*conn).serve'],
    ['net/http.(*conn).serve', 9, 'serve'],
    ['std::vector<int>::push_back(a::b&&)', 30, 'vector<int>::push_back(a::b&&)'],
    ['std::vector<int, std::allocator<int> >::push_back(int&&)', 20, 'push_back(int&&)'],
    ['std::vector<int, std::allocator<int> >::push_back(int&&)', 10, 'push_back'],
    ['<T as core::fmt::Debug>::fmt', 10, 'fmt'],
    ['tokio::runtime::park', 10, 'park'],
    ['java.util.HashMap.getNode', 18, 'HashMap.getNode'],
    ['tcp_ack_update.constprop.0', 10, 'tcp_ack_u…'],
    ['[libpython3.11.so.1.0]', 8, '[libpyt…'],
    ['__x64_sys_epoll_wait', 8, '__x64_s…'],
  ];
  for (const [name, room, short] of cases) assert.equal(shortName(name, room), short);
});
