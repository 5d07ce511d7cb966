import { readdirSync } from 'node:fs';
import { readProcFile } from '../proc/process.ts';

/** Numbers among the names of a folder of /proc. */
function numbersIn(path: string): readonly number[] {
  try {
    return readdirSync(path)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Pids of the processes that run as a user. */
export function pidsOfUser(uid: number): readonly number[] {
  return numbersIn('/proc').filter((pid) => {
    const status = readProcFile(`/proc/${pid}/status`) ?? '';
    return Number(/^Uid:\t(\d+)/m.exec(status)?.[1] ?? -1) === uid;
  });
}

/** Thread ids of a process; none once it is gone. */
export function threadsOf(pid: number): readonly number[] {
  return numbersIn(`/proc/${pid}/task`);
}
