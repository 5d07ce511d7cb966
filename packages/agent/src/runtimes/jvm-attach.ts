import { constants } from 'node:fs';
import { type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Inside, readInside } from '../proc/inside.ts';

/** A process that may be a HotSpot JVM. */
export interface JvmTarget {
  readonly pid: number;
}

/** What came of a command. */
export type AttachOutcome =
  /** `status` 0 if the JVM did it; `text` is what it printed, cut at a bound. */
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  /** The JVM was not asked; `reason` says why. */
  | { readonly kind: 'refused'; readonly reason: string };

const PROTOCOL_VERSION = '1';
/** Every command carries three arguments, empty or not. */
const ARGUMENTS = 3;
const POLL_MS = 20;
const START_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 2 ** 20;

/**
 * Runs a command in a JVM, such as `jcmd Compiler.perfmap`, by the protocol of HotSpot's attach
 * listener (src/hotspot/os/posix/attachListener_posix.cpp). The JVM opens its socket when it finds a
 * file of the agent's in its working directory or /tmp at a SIGQUIT; a process that does not catch
 * SIGQUIT would die of it and is left alone. Nothing of the process's files is followed out of its
 * root.
 */
export async function runInJvm(
  target: JvmTarget,
  command: readonly string[],
  signal: AbortSignal,
): Promise<AttachOutcome> {
  const inside = await readInside(target.pid);
  if (!inside) return refused('the process has ended');
  const folder = `/proc/${target.pid}/root/tmp`;
  const folderStatus = await lstat(folder).catch(() => undefined);
  if (!folderStatus?.isDirectory()) return refused('its /tmp is missing or a symbolic link');
  const socket = `${folder}/.java_pid${inside.pid}`;
  if (!(await isOwnSocket(socket, inside))) {
    if (!inside.catchesQuit)
      return refused('it does not catch SIGQUIT: no JVM, or attaching is off');
    const reason = await startListener(target.pid, inside, socket, signal);
    if (reason !== undefined) return refused(reason);
  }
  const padded = [...command, '', '', ''].slice(0, ARGUMENTS + 1);
  return ask(socket, [PROTOCOL_VERSION, ...padded].map((word) => `${word}\0`).join(''), signal);
}

const refused = (reason: string): AttachOutcome => ({ kind: 'refused', reason });

async function isOwnSocket(path: string, { userId }: Inside): Promise<boolean> {
  const status = await lstat(path).catch(() => undefined);
  return status?.isSocket() === true && (status.uid === userId || status.uid === 0);
}

/** Has the JVM open its socket; gives why it did not. */
async function startListener(
  pid: number,
  inside: Inside,
  socket: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const trigger = await createTrigger(pid, inside);
  if (trigger === undefined) return 'neither its working directory nor its /tmp can be written';
  try {
    process.kill(pid, 'SIGQUIT');
    for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS && !signal.aborted; waitedMs += POLL_MS) {
      if (await isOwnSocket(socket, inside)) return undefined;
      await sleep(POLL_MS);
    }
    return `it did not open its socket in ${START_TIMEOUT_MS} ms: -XX:+DisableAttachMechanism?`;
  } catch {
    return 'it could not be signalled';
  } finally {
    await unlink(trigger).catch(() => undefined);
  }
}

/** The file that tells the JVM that a SIGQUIT is meant to attach; it must be its user's own. */
async function createTrigger(pid: number, inside: Inside): Promise<string | undefined> {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  for (const folder of [`/proc/${pid}/cwd`, `/proc/${pid}/root/tmp`]) {
    const path = `${folder}/.attach_pid${inside.pid}`;
    const file: FileHandle | undefined = await open(path, flags, 0o600).catch(() => undefined);
    if (!file) continue;
    await file.chown(inside.userId, inside.groupId).catch(() => undefined);
    await file.close();
    return path;
  }
  return undefined;
}

function ask(socket: string, request: string, signal: AbortSignal): Promise<AttachOutcome> {
  return new Promise((resolve) => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
    const connection = connect({ path: socket, signal: deadline });
    let answer = '';
    connection.on('data', (chunk: Buffer) => {
      answer += chunk.toString('utf8');
      if (answer.length > MAX_ANSWER_BYTES) connection.destroy();
    });
    connection.on('error', (error) =>
      resolve(refused(`its socket did not answer: ${error.message}`)),
    );
    connection.on('close', () => {
      const [, status = '-1', text = ''] = /^(-?\d+)\n([\s\S]*)$/.exec(answer) ?? [];
      resolve({ kind: 'answered', status: Number(status), text });
    });
    connection.write(request);
  });
}
