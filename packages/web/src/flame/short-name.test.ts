import assert from 'node:assert/strict';
import test from 'node:test';
import { shortName } from './short-name.ts';

test('shortName() drops the path, then the package, then parameters, then the end', () => {
  const cases: [string, number, string][] = [
    ['main', 10, 'main'],
    ['main', 2, ''],
    ['github.com/acme/cart.(*Cart).Add', 40, 'github.com/acme/cart.(*Cart).Add'],
    ['github.com/acme/cart.(*Cart).Add', 20, 'cart.(*Cart).Add'],
    ['std::vector<int>::push_back(a::b&&)', 33, 'vector<int>::push_back(a::b&&)'],
    ['tokio::runtime::park', 10, 'park'],
    ['__x64_sys_epoll_wait', 8, '__x64_s…'],
  ];
  for (const [name, room, short] of cases) assert.equal(shortName(name, room), short);
});
