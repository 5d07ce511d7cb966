/** What /proc/PID/stat says of a process, as far as it matters here. */
export interface ProcessStat {
  readonly pid: number;
  /** Name the kernel has for it, at most 15 bytes; any character may be in it. */
  readonly comm: string;
  readonly parentPid: number;
  /** Ticks (10 ms) after boot that it began at. */
  readonly startTicks: number;
}

/** Fields after the name, counted from 0: state is 0, so field N of the manual is at N - 3. */
const PARENT_FIELD = 1;
const START_FIELD = 19;

/** Reads /proc/PID/stat (proc_pid_stat(5)); `undefined` for anything else. */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  // The name may hold parentheses and blanks; no field behind it does.
  const close = text.lastIndexOf(')');
  if (open < 1 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const stat = {
    pid: Number(text.slice(0, open)),
    comm: text.slice(open + 1, close),
    parentPid: Number(fields[PARENT_FIELD] ?? Number.NaN),
    startTicks: Number(fields[START_FIELD] ?? Number.NaN),
  };
  const isSound = [stat.pid, stat.parentPid, stat.startTicks].every(
    (value) => Number.isSafeInteger(value) && value >= 0,
  );
  return isSound ? stat : undefined;
}
