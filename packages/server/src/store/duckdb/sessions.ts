import type { DuckDBConnection } from '@duckdb/node-api';
import { EagleError } from '@kube-eagle/profile';
import { canceled } from '../canceled.ts';
import { closeSession, openSession, type Session, type SessionOptions } from './session.ts';
import { storeError } from './store-error.ts';

/** One session after another: the next is opened on demand, after the last has ended. */
export interface Sessions<State> extends AsyncDisposable {
  current(): Promise<Session<State>>;
  /** Runs reads on a connection of their own; interrupts them when the signal aborts. */
  read<T>(
    work: (connection: DuckDBConnection, state: State) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /** Interrupts what reads and closes the session, for good when disposed. Never throws. */
  end(): Promise<void>;
}

/** No session yet. */
export function createSessions<State>(
  options: SessionOptions,
  load: (connection: DuckDBConnection) => Promise<State>,
): Sessions<State> {
  const readers = new Map<Promise<unknown>, AbortController>();
  let session: Promise<Session<State>> | undefined;
  let live: Session<State> | undefined;
  let ended: Promise<void> = Promise.resolve();

  let isClosed = false;

  function current(): Promise<Session<State>> {
    if (session) return session;
    if (isClosed) {
      return Promise.reject(new EagleError('unavailable', `the store in ${options.dir} is closed`));
    }
    const opening = ended.then(() => openSession(options, load));
    session = opening;
    opening.then(
      (opened) => {
        if (session === opening) live = opened;
      },
      () => {
        if (session === opening) session = undefined;
      },
    );
    return opening;
  }

  async function close(ending: Promise<Session<State>>): Promise<void> {
    const opened = await ending.catch(() => undefined);
    if (!opened) return;
    for (const interrupt of readers.values()) interrupt.abort();
    await Promise.allSettled(readers.keys());
    closeSession(opened);
  }

  function end(): Promise<void> {
    if (session) ended = close(session);
    session = undefined;
    live = undefined;
    return ended;
  }

  return {
    current,
    async read(work, signal) {
      const ending = new AbortController();
      const stop = AbortSignal.any([signal, ending.signal]);
      try {
        let opened = await current();
        // It may have ended again before this went on.
        while (opened !== live) opened = await current();
        const reading = readFrom(opened, work, stop);
        readers.set(reading, ending);
        return await reading.finally(() => readers.delete(reading));
      } catch (cause) {
        throw signal.aborted ? canceled(signal) : storeError(cause, options.dir);
      }
    },
    end,
    [Symbol.asyncDispose]() {
      isClosed = true;
      return end();
    },
  };
}

async function readFrom<State, T>(
  { instance, state }: Session<State>,
  work: (connection: DuckDBConnection, state: State) => Promise<T>,
  stop: AbortSignal,
): Promise<T> {
  const connection = await instance.connect();
  const interrupt = (): void => connection.interrupt();
  stop.addEventListener('abort', interrupt, { once: true });
  try {
    stop.throwIfAborted();
    return await work(connection, state);
  } finally {
    stop.removeEventListener('abort', interrupt);
    connection.closeSync();
  }
}
