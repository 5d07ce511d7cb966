import { type ConnectRouter, createRouterTransport, type ServiceImpl } from '@connectrpc/connect';
import {
  encodeFlameTree,
  InventoryService,
  isEnded,
  type ProcessGroup,
  QueryService,
  ROUTES,
  type RunningContainer,
  type Selection,
  StatusService,
  TaskService,
  type TaskSpec,
  toConnectError,
} from '@kube-eagle/api';
import {
  CPU,
  callTree,
  createFoldedReader,
  createProblems,
  createProfileBuilder,
  cutTree,
  EagleError,
  hotList,
  labelsOf,
  type Profile,
  parseProfileTypeId,
  parseSelector,
  profileTypeId,
  selectSamples,
  writeFolded,
  writeSpeedscope,
} from '@kube-eagle/profile';
import { runEagle } from './run-eagle.ts';
import { createConnection } from './server/connection.ts';
import type { OwnCheck, Screen, Shell } from './shell.ts';

/** The instant that tests happen at. */
export const NOW_MS: number = Date.UTC(2026, 2, 12, 3, 12);

/** A state that a task goes through. */
export interface TaskStep {
  readonly state: string;
  readonly outcomes?: readonly {
    readonly node: string;
    readonly state: string;
    readonly reason?: string;
    readonly message?: string;
    readonly samples?: number;
    readonly processes?: {
      readonly pid: number;
      readonly comm: string;
      readonly language?: string;
      readonly profiler: string;
      readonly state: string;
      readonly reason?: string;
      readonly message?: string;
      readonly samples: number;
    }[];
    readonly processesLeftOut?: number;
  }[];
}

type Fields<T> = Partial<Omit<T, '$typeName' | '$unknown'>>;

/** What runs on a node, as far as a test says. */
export interface TestInventory {
  readonly node: string;
  readonly inventory: {
    readonly containers?: Fields<RunningContainer>[];
    readonly processes?: Fields<ProcessGroup>[];
    readonly leftOut?: number;
  };
}

/** What a server in a test has and does. */
export interface TestServer {
  readonly profile: Profile;
  /** What a task goes through; where it does not end, it waits to be cancelled. */
  readonly course: readonly TaskStep[];
  /** What a cancelled task ends with. */
  readonly cancelled: TaskStep;
  readonly agents: readonly {
    readonly agent: {
      readonly node: string;
      readonly sampler?: string;
      readonly findings: { name: string; ok: boolean; detail: string; mend: string }[];
    };
    readonly connected: boolean;
  }[];
  /** What runs, by node. */
  readonly inventories: readonly TestInventory[];
  /** Tasks that were made, and ids of those that were cancelled. */
  readonly made: TaskSpec[];
  readonly cancels: string[];
}

/** A server with a minute of CPU time of one process, and whatever else a test wants. */
export function testServer(other: Partial<TestServer> = {}): TestServer {
  const profile = storedProfile('main;heavy 7000000', 'main;light 3000000');
  const cancelled = { state: 'cancelled' };
  return {
    profile,
    course: [],
    cancelled,
    agents: [],
    inventories: [],
    made: [],
    cancels: [],
    ...other,
  };
}

/** CPU time of process `split`, task `t1`, a minute before the instant of tests. */
export function storedProfile(...foldedLines: readonly string[]): Profile {
  const builder = createProfileBuilder();
  const labels = labelsOf([
    ['process', 'split'],
    ['task_id', 't1'],
  ]);
  const options = { type: CPU, labels, timeMs: NOW_MS - 60_000 };
  const reader = createFoldedReader(builder, options, createProblems());
  for (const line of foldedLines) reader.line(line);
  return builder.finish();
}

function selected(profile: Profile, selection: Selection | undefined): Profile {
  const { profileType = '', selector = '', fromMs = 0, toMs = 0 } = selection ?? {};
  const type = parseProfileTypeId(profileType);
  if (!type) throw new EagleError('invalid_argument', 'expected a type');
  return selectSamples(profile, { type, matchers: parseSelector(selector), fromMs, toMs });
}

const QUALITY = { taken: 1_000, lost: 2, truncated: 10, unsymbolized: 0, guessed: 0 };

/** The services of a server, for a router in memory or over HTTP. */
export function testRoutes(server: TestServer): (router: ConnectRouter) => void {
  const { profile, agents } = server;
  return (router) => {
    router.service(InventoryService, {
      listInventories: ({ nodes }) => ({
        nodes: server.inventories
          .filter(({ node = '' }) => nodes.length === 0 || nodes.includes(node))
          .map((each) => ({ ...each })),
      }),
    });
    router.service(QueryService, {
      profileTypes: () => ({ profileTypes: [profileTypeId(CPU)] }),
      labels: ({ name }) => ({
        labels: [
          { name: 'namespace', values: ['shop', 'web\u001b[31m'] },
          { name: 'process', values: ['split'], leftOut: 3 },
        ].filter((label) => name === '' || name === label.name),
      }),
      timeline: () => ({}),
      flameTree: ({ selection, maxNodes }) => {
        const { tree, cutNodes } = cutTree(callTree(selected(profile, selection)), maxNodes);
        return { ...encodeFlameTree(tree), unit: 'nanoseconds', quality: QUALITY, cutNodes };
      },
      top: ({ selection, limit }) => {
        const tree = callTree(selected(profile, selection));
        const functions = hotList(tree).map(({ kind, ...hot }) => ({ ...hot, file: '' }));
        return {
          functions: functions.slice(0, limit),
          total: tree.total[0] ?? 0,
          unit: 'nanoseconds',
          quality: QUALITY,
          leftOut: Math.max(0, functions.length - limit),
        };
      },
    });
    router.service(TaskService, taskService(server));
    router.service(StatusService, {
      status: () => ({
        version: '1.2.3',
        uptimeMs: 90_000,
        nowMs: NOW_MS,
        store: { engine: 'memory', rows: 1_234, oldestMs: NOW_MS - 60_000, newestMs: NOW_MS },
        limits: [{ name: 'tasks_open', value: 100, unit: 'count', hits: 3 }],
        agentsConnected: agents.filter(({ connected }) => connected).length,
      }),
      agents: () => ({
        agents: agents.map((status) => ({ ...status, lastWindowMs: NOW_MS - 5_000 })),
      }),
    });
  };
}

function taskService({
  course,
  cancelled,
  made,
  cancels,
}: TestServer): ServiceImpl<typeof TaskService> {
  const { promise: cancelAsked, resolve: askCancel } = Promise.withResolvers<void>();
  const taskIn = ({ state, outcomes = [] }: TaskStep) => ({
    id: 't1',
    spec: made[0] ?? { targets: ['host'], durationMs: 10_000, rateHz: 99 },
    createdMs: NOW_MS - 60_000,
    startedMs: NOW_MS - 60_000,
    selector: '{task_id="t1"}',
    state,
    outcomes: outcomes.map((outcome) => ({ ...outcome })),
  });
  const known = (id: string) => {
    if (id === 't1') return taskIn(course.at(-1) ?? { state: 'queued' });
    throw toConnectError(new EagleError('not_found', `no task ${id}`));
  };
  return {
    createTask: ({ spec }) => {
      if (spec) made.push(spec);
      return taskIn({ state: 'queued' });
    },
    getTask: ({ id }) => known(id),
    listTasks: () => ({ tasks: [known('t1')] }),
    async *watchTask({ id }) {
      known(id);
      for (const step of course) yield taskIn(step);
      if (isEnded(course.at(-1)?.state ?? '')) return;
      await cancelAsked;
      yield taskIn(cancelled);
    },
    cancelTask: ({ id }) => {
      cancels.push(id);
      askCancel();
      return known(id);
    },
  };
}

/** What `GET path` answers: exports as folded text and speedscope, and bytes for pprof. */
export function testAnswer(server: TestServer, url: URL): Response {
  const get = (name: string): string => url.searchParams.get(name) ?? '';
  if (url.pathname !== ROUTES.export) return new Response('nothing here', { status: 404 });
  const selection = {
    $typeName: 'kubeeagle.v1.Selection' as const,
    profileType: get('profile_type'),
    selector: get('selector'),
    fromMs: Number(get('from_ms')),
    toMs: Number(get('to_ms')),
  };
  const profile = selected(server.profile, selection);
  if (get('format') === 'pprof') return new Response(Uint8Array.of(31, 139, 8));
  const parts =
    get('format') === 'folded' ? writeFolded(profile) : writeSpeedscope(profile, { name: 'test' });
  return new Response([...parts].join(''));
}

/** How a command ended. */
export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  /** What was written to files. */
  readonly files: Readonly<Record<string, string>>;
}

export interface TestShell {
  readonly isTty?: boolean;
  readonly signal?: AbortSignal;
  readonly ownCheck?: OwnCheck;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command line against a server in memory. */
export async function runIn(
  server: TestServer,
  words: readonly string[],
  { isTty = false, signal, ownCheck, env = {} }: TestShell = {},
): Promise<Ran> {
  const out = testScreen(isTty);
  const err = testScreen(isTty);
  const files: Record<string, string> = {};
  const shell: Shell = {
    name: 'eagle',
    version: '0.0.1',
    env,
    stdout: out.screen,
    stderr: err.screen,
    signal: signal ?? new AbortController().signal,
    nowMs: () => NOW_MS,
    every: () => ({ [Symbol.dispose]() {} }),
    randomId: () => 'random-1',
    connect: (address) =>
      createConnection(address, createRouterTransport(testRoutes(server)), async (input) =>
        testAnswer(server, new URL(String(input))),
      ),
    openFile: async (path) => ({
      write: async (chunk) => {
        files[path] = (files[path] ?? '') + textOf(chunk);
      },
      async [Symbol.asyncDispose]() {},
    }),
    explainOwnProcess: async (target, format) =>
      target === 'pid/7'
        ? { kind: 'explained', text: `${target} as ${format}\n` }
        : { kind: 'failed', message: `no process ${target}` },
    checkOwnMachine: async () => ownCheck ?? { kind: 'absent', tried: 'agent/src/main.ts' },
  };
  const status = await runEagle(shell, words);
  return { status, out: out.text(), err: err.text(), files };
}

function testScreen(isTty: boolean) {
  const written: string[] = [];
  const screen: Screen = {
    isTty,
    canRewrite: isTty,
    hasColour: false,
    width: 80,
    write: async (chunk) => {
      written.push(textOf(chunk));
    },
  };
  return { screen, text: () => written.join('') };
}

const textOf = (chunk: string | Uint8Array): string =>
  typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
