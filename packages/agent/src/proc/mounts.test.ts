import assert from 'node:assert/strict';
import test from 'node:test';
import { mountOf } from './mounts.ts';

const MOUNTINFO = `22 1 0:20 / / rw,relatime - overlay overlay rw,lowerdir=/x
23 22 0:21 / /tmp rw,nosuid,noexec - tmpfs tmpfs rw,size=64k
24 22 0:22 / /data ro,relatime - ext4 /dev/sda1 rw
25 22 0:23 / /dev/shm rw - tmpfs shm ro
26 23 0:24 / /tmp rw - tmpfs over rw
`;

test('mountOf() gives the last mount of the longest path above a folder', () => {
  const flags = (path: string) => {
    const { type = '', isReadOnly, isNoExec } = mountOf(MOUNTINFO, path) ?? {};
    return [type, isReadOnly, isNoExec];
  };
  assert.deepEqual(flags('/tmpfoo'), ['overlay', false, false]);
  assert.deepEqual(flags('/data/deep'), ['ext4', true, false]);
  assert.deepEqual(flags('/dev/shm'), ['tmpfs', true, false]);
  assert.deepEqual(flags('/tmp'), ['tmpfs', false, false]);
  assert.equal(mountOf('', '/tmp'), undefined);
});
