#!/usr/bin/env node
import { mkdirSync, readFileSync } from 'node:fs';
import { arch, hostname, release } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { AgentService, exitStatus, ROUTES } from '@kube-eagle/api';
import { EagleError, messageOf, writeOtlp } from '@kube-eagle/profile';
import { runAgent } from './agent.ts';
import { createDeliver } from './export/deliver.ts';
import { createPoster } from './export/post.ts';
import { LIMITS } from './limits.ts';
import { readStat } from './proc/process.ts';
import { createEbpfDriver } from './sampler/ebpf.ts';
import { type Finding, findings } from './sampler/findings.ts';
import { openSampler } from './sampler/open-sampler.ts';
import { createPerfEventDriver } from './sampler/perf-event.ts';
import { readSettings, type Settings, settingsHelp } from './settings.ts';
import { createSymbolizer } from './symbols/create-symbolizer.ts';
import { createTelemetry } from './telemetry.ts';

const VERSION = '0.1.0';
/** Of symbol tables together: some ten large programs. */
const MAX_TABLE_BYTES = 16 * 2 ** 20;
const KERNEL_SYMBOLS_MAX_AGE_MS = 600_000;

const nowMs = (): number => Date.now();

function readToken({ tokenFile }: Settings): string | undefined {
  if (tokenFile === '') return undefined;
  try {
    return readFileSync(tokenFile, 'utf8').trim();
  } catch (cause) {
    throw new EagleError('invalid_argument', `--token-file: ${messageOf(cause)}`, { cause });
  }
}

/** The same after a restart, unique a machine. */
function machineId(node: string): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || node;
  } catch {
    return node;
  }
}

function openOutboxDirectory({ data }: Settings): string {
  const directory = join(data, 'outbox');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new EagleError(
      'unavailable',
      `--data ${data}: ${messageOf(cause)}. Choose a directory this user can write to`,
      { cause },
    );
  }
  return directory;
}

async function run(settings: Settings): Promise<void> {
  const stopping = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort());
  const node = settings.node || hostname();
  const token = readToken(settings);
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const outboxDirectory = openOutboxDirectory(settings);
  await using symbolizer = await createSymbolizer({
    maxTableBytes: MAX_TABLE_BYTES,
    kernelMaxAgeMs: KERNEL_SYMBOLS_MAX_AGE_MS,
    now: () => performance.now(),
  });
  using poster = createPoster({
    url: new URL(ROUTES.otlp, settings.server),
    timeoutMs: LIMITS.requestTimeoutMs,
    answerBytes: LIMITS.answerBytes,
  });
  const transport = createConnectTransport({
    baseUrl: settings.server.href.replace(/\/$/, ''),
    httpVersion: '2',
    interceptors: [
      (next) => (request) => {
        for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
        return next(request);
      },
    ],
  });
  const drivers = [
    createEbpfDriver({ nowMs }),
    createPerfEventDriver({ nowMs, uid: process.getuid?.() ?? 0 }),
  ];
  await runAgent(
    {
      openSampler: (request) => openSampler(request, drivers),
      symbolizer,
      encode: writeOtlp,
      deliver: createDeliver({ poster, token, nowMs, maxWaitMs: LIMITS.retryMs }),
      client: createClient(AgentService, transport),
      startTicks: (pid) => readStat(pid)?.startTicks,
      outboxDirectory,
      identity: {
        id: machineId(node),
        node,
        version: VERSION,
        kernel: release(),
        arch: arch(),
        findings: findings(),
        rateHz: settings.rateHz,
      },
      limits: LIMITS,
      telemetry: createTelemetry(process.stderr, settings.logLevel),
      nowMs,
      random: Math.random,
      usage() {
        const { user, system } = process.cpuUsage();
        return { cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss() };
      },
    },
    stopping.signal,
  );
}

const drawFinding = ({ name, ok, detail, mend }: Finding): string =>
  `${ok ? 'ok  ' : 'MEND'} ${name.padEnd(10)} ${detail}${mend === '' ? '' : `\n       ${mend}`}\n`;

/** Says what this machine can do; gives the status to exit with. */
function doctor({ output }: Settings): number {
  const all = findings();
  const text =
    output === 'json' ? `${JSON.stringify({ findings: all })}\n` : all.map(drawFinding).join('');
  process.stdout.write(text);
  return all.every(({ ok }) => ok) ? 0 : 1;
}

const argv = process.argv.slice(2);
if (argv.includes('--help') || argv.includes('-h')) process.stdout.write(settingsHelp());
else {
  try {
    const settings = readSettings(argv, process.env);
    if (settings.command === 'doctor') process.exitCode = doctor(settings);
    else await run(settings);
  } catch (error) {
    process.stderr.write(`error: ${messageOf(error)}\n`);
    process.exitCode = error instanceof EagleError ? exitStatus(error) : 1;
  }
}
