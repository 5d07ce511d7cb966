import assert from 'node:assert/strict';
import test from 'node:test';
import { mainProcess } from './main-process.ts';

/** The way to the main process of those drawn as `pid parent comm`, in the order they began in. */
function wayOf(...lines: readonly string[]): string {
  const processes = lines.map((line, startTicks) => {
    const [pid, parentPid, comm = ''] = line.split(' ');
    return {
      pid: Number(pid),
      parentPid: Number(parentPid),
      comm,
      exe: `/bin/${comm}`,
      startTicks,
    };
  });
  return (
    mainProcess(processes)
      ?.path.map(({ comm }) => comm)
      .join(' → ') ?? 'none'
  );
}

test('a program that was started by wrappers is seen through them', () => {
  assert.equal(wayOf('10 1 java'), 'java');
  assert.equal(wayOf('10 1 sh', '11 10 java'), 'sh → java');
  assert.equal(wayOf('10 1 tini', '11 10 bash', '12 11 node', '13 12 node'), 'tini → bash → node');
  assert.equal(
    wayOf('10 1 supervisord', '11 10 sh', '12 10 nginx', '13 11 php'),
    'supervisord → nginx',
  );
});

test('a server that forks is main itself, and a shell that runs nothing is too', () => {
  assert.equal(wayOf('10 1 gunicorn', '11 10 gunicorn', '12 10 gunicorn'), 'gunicorn');
  assert.equal(wayOf('10 1 sh'), 'sh');
  assert.equal(wayOf(), 'none');
});

test('what is brought in later is not main, and in a ring of parents nothing is', () => {
  assert.equal(wayOf('10 1 sh', '11 10 java', '20 1 bash', '21 20 top'), 'sh → java');
  assert.equal(wayOf('10 11 sh', '11 10 sh'), 'none');
});

test('a script is told by what the kernel calls it', () => {
  const script = { exe: '/usr/bin/python3.11', startTicks: 1 };
  const processes = [
    { ...script, pid: 10, parentPid: 1, comm: 'supervisord' },
    { ...script, pid: 11, parentPid: 10, comm: 'gunicorn' },
  ];
  assert.equal(mainProcess(processes)?.process.pid, 11);
});
