#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { createConnectTransport } from '@connectrpc/connect-node';
import { EagleError, messageOf } from '@kube-eagle/profile';
import metadata from '../package.json' with { type: 'json' };
import { checkOwnMachine, explainOwnProcess } from './own-machine.ts';
import { runEagle } from './run-eagle.ts';
import { createScreen } from './screen.ts';
import { bearer, createConnection } from './server/connection.ts';
import type { Shell } from './shell.ts';

/** Longest wait for an answer that is not a stream. */
const ANSWER_TIMEOUT_MS = 120_000;
const INTERRUPTED = 130;

const { argv, env, stdout, stderr } = process;
const interrupt = new AbortController();

process.on('SIGINT', () => {
  if (interrupt.signal.aborted) process.exit(INTERRUPTED);
  interrupt.abort();
});

// A reader that has seen enough, such as head, is no error.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const shell: Shell = {
  name: basename(argv[1] ?? '').startsWith('kubectl-') ? 'kubectl eagle' : 'eagle',
  version: metadata.version,
  env,
  stdout: createScreen(stdout, env),
  stderr: createScreen(stderr, env),
  signal: interrupt.signal,
  nowMs: Date.now,
  every(periodMs, tick) {
    const timer = setInterval(tick, periodMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
  randomId: randomUUID,
  connect: (address) =>
    createConnection(
      address,
      createConnectTransport({
        baseUrl: address.url,
        httpVersion: '1.1',
        defaultTimeoutMs: ANSWER_TIMEOUT_MS,
        interceptors: [...bearer(address.token)],
      }),
      fetch,
    ),
  async openFile(path) {
    try {
      const file = await open(path, 'w');
      return {
        write: async (chunk) => await file.writeFile(chunk),
        [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
      };
    } catch (cause) {
      throw new EagleError('invalid_argument', `cannot write ${path}: ${messageOf(cause)}`, {
        cause,
      });
    }
  },
  checkOwnMachine,
  explainOwnProcess,
};

process.exitCode = await runEagle(shell, argv.slice(2));
