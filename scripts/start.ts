/**
 * Profiles this machine: server and agent as two processes under one supervisor, the page's URL, and
 * the first flame graph in the terminal.
 *
 *   npm start -- [--port N] [--data DIR] [--host ADDRESS] [--rate HZ]
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AGENT_ENVIRONMENT, AGENT_NODE_FLAGS } from '../packages/agent/src/node-flags.ts';
import { type Child, supervise } from './supervisor.ts';

const HELP = `Profiles every process of this machine and shows where its CPU time goes.

Usage: npm start -- [options]

  --port N        port of the page and the API (4040)
  --data DIR      where profiles are kept (./.data)
  --host ADDRESS  address to listen on (127.0.0.1: this machine only)
  --rate HZ       samples a second and CPU (19)
  --help

Examples:
  npm start
  npm start -- --port 4141 --data /var/lib/kube-eagle`;

const READY_TIMEOUT_MS = 30_000;
const FIRST_WINDOW_TIMEOUT_MS = 40_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (text: string): void => console.error(text);

interface Options {
  readonly port: string;
  readonly data: string;
  readonly host: string;
  readonly rate: string;
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '4040' },
      data: { type: 'string', default: '.data' },
      host: { type: 'string', default: '127.0.0.1' },
      rate: { type: 'string', default: '19' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  return { ...values, data: resolve(values.data) };
}

function optionsOrExit(): Options {
  try {
    return optionsOf(process.argv.slice(2));
  } catch (error) {
    say(`error: ${error instanceof Error ? error.message : error}\n\n${HELP}`);
    process.exit(2);
  }
}

/** Whether the server says it is ready within the time. */
async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline && !signal.aborted) {
    const ready = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return true;
    await sleep(100);
  }
  return false;
}

function eagle(args: readonly string[]): string {
  const { stdout } = spawnSync('node', [`${root}/packages/cli/src/main.ts`, ...args], {
    encoding: 'utf8',
    env: { ...process.env, COLUMNS: String(process.stdout.columns ?? 100) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return stdout.trimEnd();
}

/** Says what this machine does not allow, and what would mend it. */
function sayWhatIsMissing(url: string): void {
  const text = eagle(['doctor', '-o', 'json', '--server', url]);
  const { machines = [] } = JSON.parse(text || '{}') as {
    machines?: { findings: { ok: boolean; detail: string; mend: string }[] }[];
  };
  for (const { ok, detail, mend } of machines.flatMap(({ findings }) => findings)) {
    if (!ok) say(`kube-eagle: ${detail}. Mend: ${mend}`);
  }
}

/** Prints what the first window shows, as soon as it is in. */
async function showFirstWindow(url: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + FIRST_WINDOW_TIMEOUT_MS;
  while (Date.now() < deadline && !signal.aborted) {
    const hasData = await fetch(`${url}/export?format=folded&from=now-5m`).then(
      async (answer) => answer.ok && (await answer.text()) !== '',
      () => false,
    );
    if (hasData) break;
    await sleep(250);
  }
  if (signal.aborted) return;
  if (Date.now() >= deadline) {
    say('no profile came yet. What this machine can do: npx eagle doctor');
    return;
  }
  sayWhatIsMissing(url);
  const range = ['--server', url, '--from', 'now-5m'];
  console.log(`\nThe ten busiest functions of this machine just now:\n`);
  console.log(eagle(['top', ...range, '--limit', '10']));
  console.log('');
  console.log(eagle(['query', ...range, '-o', 'flame', '--rows', '24']));
  console.log(`\nThe page: ${url}\nCtrl-C stops.`);
}

const options = optionsOrExit();
mkdirSync(options.data, { recursive: true });
const shownHost = ['0.0.0.0', '::'].includes(options.host) ? '127.0.0.1' : options.host;
const url = `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${options.port}`;
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => stopping.abort());
}

const start = (name: string, args: readonly string[]): Child =>
  supervise({
    name,
    logFile: `${options.data}/${name}.log`,
    spawn: (stdio) =>
      spawn('node', args, {
        cwd: root,
        env: { ...process.env, ...(name === 'agent' ? AGENT_ENVIRONMENT : {}) },
        stdio,
        // Its own process group: Ctrl-C reaches the supervisor only, which stops them in order.
        detached: true,
      }),
    say,
    giveUp: () => stopping.abort(),
    signal: stopping.signal,
  });

const server = start('server', [
  `${root}/packages/server/src/main.ts`,
  ...['--port', options.port, '--host', options.host, '--data', `${options.data}/server`],
]);
say(`kube-eagle: logs and data in ${options.data}`);
if (await isReady(url, stopping.signal)) {
  const agent = start('agent', [
    ...AGENT_NODE_FLAGS,
    `${root}/packages/agent/src/main.ts`,
    ...['--server', url, '--data', `${options.data}/agent`, '--rate', options.rate],
  ]);
  say(`kube-eagle: profiling this machine at ${options.rate} Hz`);
  console.log(`The page: ${url}`);
  await Promise.race([showFirstWindow(url, stopping.signal), agent.ended, server.ended]);
  await Promise.race([agent.ended, server.ended]);
  say('kube-eagle: stopping');
  await agent.stop();
} else if (!stopping.signal.aborted) {
  say(
    `error: the server was not ready in ${READY_TIMEOUT_MS / 1000} s: see ${options.data}/server.log`,
  );
  process.exitCode = 1;
  stopping.abort();
}
await server.stop();
if (server.gaveUp) process.exitCode = 1;
say('kube-eagle: stopped');
process.exit();
