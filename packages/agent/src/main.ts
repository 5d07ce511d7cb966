#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { arch, hostname, release } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { AgentService, exitStatus } from '@kube-eagle/api';
import { EagleError, messageOf, writeOtlp } from '@kube-eagle/profile';
import { runAgent } from './agent.ts';
import { openContainers } from './containers/open-containers.ts';
import { diagnose } from './doctor.ts';
import { containerText, explainContainer } from './explain-container.ts';
import { explainProcess, explanationText } from './explain-process.ts';
import { lockDirectory } from './export/data-lock.ts';
import { createDeliver } from './export/deliver.ts';
import { createPoster } from './export/post.ts';
import { mainPidOf } from './inventory/find-container.ts';
import { processesNamed } from './inventory/find-processes.ts';
import { openProcessTable } from './inventory/open-process-table.ts';
import { LIMITS } from './limits.ts';
import { processesIn } from './proc/cgroup-processes.ts';
import { findContainer, findUnit, isThere } from './proc/find-cgroups.ts';
import { readProcFile, readStat } from './proc/process.ts';
import { createAsyncProfiler } from './profilers/async-profiler.ts';
import { createEbpfProfiler } from './profilers/ebpf.ts';
import { createGoPprof } from './profilers/go-pprof.ts';
import type { Profiler, WideProfiler } from './profilers/profiler.ts';
import { PROFILER_FILES, profilerFindings } from './profilers/profiler-findings.ts';
import { createPySpy } from './profilers/py-spy.ts';
import { createEbpfDriver } from './sampler/ebpf.ts';
import { findings } from './sampler/findings.ts';
import { openSampler } from './sampler/open-sampler.ts';
import { createPerfEventDriver } from './sampler/perf-event.ts';
import type { SampleRequest } from './sampler/sampler.ts';
import { ingestUrl, readSettings, type Settings, settingsHelp } from './settings.ts';
import { createSymbolizer } from './symbols/create-symbolizer.ts';
import type { RunningHere } from './tasks/find-subjects.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';
import { createTableBuilder, type TableBuilder } from './unwind/table-builder.ts';
import { openTableCache } from './unwind/table-cache.ts';

const VERSION = '0.1.0';
/** Of symbol tables together: their names stay in the files. */
const SYMBOL_BYTES = 16 * 1024 * 1024;
const KERNEL_SYMBOLS_MS = 10 * 60 * 1_000;

/** Aborts at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

function readToken({ tokenFile }: Settings): string | undefined {
  const { KUBE_EAGLE_TOKEN: token } = process.env;
  if (tokenFile === '') return token;
  try {
    return readFileSync(tokenFile, 'utf8').trim();
  } catch (cause) {
    throw new EagleError('invalid_argument', `--token-file: ${messageOf(cause)}`, { cause });
  }
}

const nowMs = (): number => Date.now();

/** Unwind tables, with those that an earlier run left in the data directory. */
async function openTables({ data }: Settings, { log }: Telemetry): Promise<TableBuilder> {
  const directory = join(data, 'unwind-tables');
  const cache = await openTableCache({ directory, maxBytes: LIMITS.tableBytes, nowMs });
  return createTableBuilder({
    cache,
    onFailed(file, problem) {
      log.warn({ ...file, problem }, 'no unwind table: making it failed');
    },
  });
}

/** A client over HTTP/2, which needs one connection for the stream and the reports. */
function agentClient({ server }: Settings, token: string | undefined): Client<typeof AgentService> {
  const authorize: Interceptor = (next) => (request) => {
    if (token !== undefined) request.header.set('authorization', `Bearer ${token}`);
    return next(request);
  };
  const baseUrl = server.href.replace(/\/+$/, '');
  return createClient(
    AgentService,
    createConnectTransport({ baseUrl, httpVersion: '2', interceptors: [authorize] }),
  );
}

const allFindings = ({ profilers }: Settings) => [...findings(), ...profilerFindings(profilers)];

/** What tasks can ask for, in the order that `auto` prefers: a runtime's own profiler sees more of it. */
function profilersOf(
  { profilers: folder, attachToJvms: mayAttach }: Settings,
  { open, nowMs }: { readonly open: WideProfiler['open']; readonly nowMs: () => number },
): readonly Profiler[] {
  return [
    createAsyncProfiler({
      library: join(folder, PROFILER_FILES['async-profiler']),
      mayAttach,
      nowMs,
    }),
    createEbpfProfiler(open),
    createPySpy({ program: join(folder, PROFILER_FILES['py-spy']), nowMs }),
    createGoPprof({ nowMs }),
  ];
}

const runningHere = (containerNamed: RunningHere['containerNamed']): RunningHere => ({
  startTicks: (pid) => readStat(pid)?.startTicks,
  findContainer,
  findUnit,
  isThere,
  processesIn: ({ directory }) => processesIn(directory),
  containerNamed,
  mainPidOf,
  processesNamed,
});

async function run(settings: Settings): Promise<void> {
  const signal = stopSignal();
  using _lock = lockDirectory(settings.data);
  const token = readToken(settings);
  const telemetry = createTelemetry(process.stderr, settings.logLevel);
  await using tables = await openTables(settings, telemetry);
  const drivers = [
    createEbpfDriver({ nowMs, tables }),
    createPerfEventDriver({ nowMs, uid: process.getuid?.() ?? 0 }),
  ];
  const open = (request: SampleRequest) => openSampler(request, drivers);
  const node = settings.node || hostname();
  await using symbolizer = await createSymbolizer({
    maxTableBytes: SYMBOL_BYTES,
    kernelMaxAgeMs: KERNEL_SYMBOLS_MS,
    now: () => performance.now(),
    attachToJvms: settings.attachToJvms,
  });
  using poster = createPoster({
    url: ingestUrl(settings.server),
    timeoutMs: LIMITS.requestTimeoutMs,
    answerBytes: LIMITS.answerBytes,
  });
  const containers = openContainers({
    ...settings,
    limits: LIMITS,
    telemetry,
    random: Math.random,
  });
  using processes = openProcessTable({ limit: LIMITS.processes, telemetry, nowMs });
  telemetry.log.info({ node, server: settings.server.href, version: VERSION }, 'starting');
  await runAgent(
    {
      openSampler: open,
      symbolizer,
      profilers: profilersOf(settings, { open, nowMs }),
      encode: writeOtlp,
      deliver: createDeliver({ poster, token, nowMs, maxWaitMs: LIMITS.retryMs }),
      client: agentClient(settings, token),
      here: runningHere(containers.named),
      containers,
      processes,
      outboxDirectory: join(settings.data, 'outbox'),
      identity: {
        id: readProcFile('/etc/machine-id')?.trim() || hostname(),
        node,
        version: VERSION,
        kernel: release(),
        arch: arch(),
        findings: allFindings(settings),
        rateHz: settings.rateHz,
      },
      limits: LIMITS,
      telemetry,
      nowMs,
      random: Math.random,
      usage() {
        const { user, system } = process.cpuUsage();
        return { cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss() };
      },
    },
    signal,
  );
}

/** What `doctor` says of a process or container. */
async function explanation({ pid, container, output, attachToJvms }: Settings): Promise<string> {
  if (pid > 0) {
    const explained = await explainProcess(pid, attachToJvms);
    return output === 'json' ? json(explained) : explanationText(explained);
  }
  const explained = explainContainer(container);
  return output === 'json' ? json(explained) : containerText(explained);
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(settingsHelp());
    return;
  }
  const settings = readSettings(argv, process.env);
  if (settings.command === 'doctor') {
    if (settings.pid > 0 || settings.container !== '') {
      process.stdout.write(await explanation(settings));
      return;
    }
    const { text, status } = diagnose(allFindings(settings), settings.output);
    process.stdout.write(text);
    process.exitCode = status;
    return;
  }
  await run(settings);
  // Connections to a server that does not answer must not keep the process.
  process.exit(0);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  process.exitCode = error instanceof EagleError ? exitStatus(error) : 1;
}
