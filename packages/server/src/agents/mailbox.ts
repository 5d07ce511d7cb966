/** Messages for one reader, in order. */
export interface Mailbox<T> {
  /** `false` where it is full or was ended; then the message is not in it. */
  post(message: T): boolean;
  /** Lets the reader have what is in it, then ends. */
  end(): void;
  /** What was posted, until the end or until `signal` aborts. For one reader. */
  read(signal: AbortSignal): AsyncIterable<T>;
}

/** A mailbox that holds at most `limit` messages. */
export function createMailbox<T>(limit: number): Mailbox<T> {
  const messages: T[] = [];
  let ended = false;
  let wake = (): void => {};
  return {
    post(message) {
      if (ended || messages.length >= limit) return false;
      messages.push(message);
      wake();
      return true;
    },
    end() {
      ended = true;
      wake();
    },
    async *read(signal) {
      const abort = (): void => wake();
      signal.addEventListener('abort', abort);
      try {
        while (!signal.aborted) {
          const message = messages.shift();
          if (message !== undefined) yield message;
          else if (ended) return;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        ended = true;
        signal.removeEventListener('abort', abort);
      }
    },
  };
}
