import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import test from 'node:test';
import { isPlaced, openFoothold } from './foothold.ts';
import { missing, run } from './testing.ts';

const skip = missing([], ['unshare', 'chroot']);

/** A shell in a mount namespace of its own, after some commands. */
const shell = (commands: string) =>
  run('unshare', ['-m', 'sh', '-c', `${commands}; echo ready; exec sleep 60`]);

test('what is put into a process’s folders is there for it, and goes again', { skip }, async () => {
  await using running = await shell('mount -t tmpfs -o mode=1777 tmpfs /tmp');
  const { pid, inside } = running.process;
  const opened = await openFoothold(pid, { ...inside, userId: 65_534, groupId: 65_534 });
  assert.ok('foothold' in opened);
  const library = await opened.foothold.library(Buffer.from('code'));
  const result = await opened.foothold.result();
  assert.ok(isPlaced(library.path));
  const seen = (path: string): string => `/proc/${pid}/root${path}`;
  assert.equal(readFileSync(seen(library.path), 'utf8'), 'code');
  const modes = [library, result].map(({ path }) => {
    const { mode, uid } = statSync(seen(path));
    return [(mode & 0o777).toString(8), uid];
  });
  assert.deepEqual(modes, [
    ['444', 0],
    ['600', 65_534],
  ]);
  await opened.foothold[Symbol.asyncDispose]();
  assert.equal(statSync(seen(library.path), { throwIfNoEntry: false }), undefined);
});

test('a symbolic link in the place of a folder is not followed', { skip }, async () => {
  const links = 'mkdir /run/root; mount -t tmpfs tmpfs /run/root; cd /run/root; mkdir var dev';
  const make = `${links}; ln -s /proc/1/root/etc tmp; ln -s /etc var/tmp; ln -s / dev/shm`;
  const bind = 'mkdir bin lib lib64 usr; for d in bin lib lib64 usr; do mount --rbind /$d $d; done';
  const enter = 'exec chroot /run/root sh -c "echo ready; exec sleep 60"';
  await using running = await run('unshare', ['-m', 'sh', '-c', `${make}; ${bind}; ${enter}`]);
  const opened = await openFoothold(running.process.pid, running.process.inside);
  assert.ok('problem' in opened);
  assert.match(opened.problem, /\/tmp cannot be opened: E(LOOP|NOTDIR)/);
});

test('a folder where everybody may replace others’ files is not used', { skip }, async () => {
  const mounts = ['/tmp', '/var/tmp', '/dev/shm']
    .map((path) => `mount -t tmpfs -o mode=0777 tmpfs ${path}`)
    .join('; ');
  await using running = await shell(mounts);
  const opened = await openFoothold(running.process.pid, running.process.inside);
  assert.ok('problem' in opened && /everybody/.test(opened.problem));
});
