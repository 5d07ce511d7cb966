import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { fromJsonString, toJsonString } from '@bufbuild/protobuf';
import { AgentSchema, isEnded, type Task, TaskSchema } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import { AGENTS_KEPT, type ControlStore, TASKS_KEPT } from './control-store.ts';

/** Written into the file; a file of a later version is not opened. */
const FORMAT_VERSION = 1;

/** Messages are kept as JSON, so that a column more in a message needs no other table. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY,
    idempotency_key TEXT UNIQUE,
    created_ms REAL NOT NULL,
    ended INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS tasks_by_time ON tasks (created_ms DESC, id);
  CREATE TABLE IF NOT EXISTS agents (
    id TEXT PRIMARY KEY,
    last_seen_ms REAL NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS agents_by_time ON agents (last_seen_ms DESC);
`;

/**
 * Tasks and agents in one SQLite file. Every call is done when it resolves, also after a crash.
 * Throws `failed_precondition` for a file of a later version, `unavailable` where it cannot be
 * opened.
 */
export function openSqliteControlStore(path: string): ControlStore {
  const database = openDatabase(path);
  const statements = prepare(database);
  return {
    async addTask(task) {
      const key = task.spec?.idempotencyKey || null;
      const known = key === null ? undefined : statements.taskByKey.get(key);
      if (known) return taskOf(known);
      statements.saveTask.run(task.id, key, task.createdMs, 0, toJsonString(TaskSchema, task));
      statements.forgetTasks.run(TASKS_KEPT);
      return task;
    },
    async saveTask(task) {
      const ended = isEnded(task.state) ? 1 : 0;
      const key = task.spec?.idempotencyKey || null;
      statements.saveTask.run(task.id, key, task.createdMs, ended, toJsonString(TaskSchema, task));
    },
    async findTask(id) {
      const row = statements.taskById.get(id);
      return row && taskOf(row);
    },
    async tasks({ limit, open = false }) {
      return statements.tasks.all(open ? 1 : 2, limit).map(taskOf);
    },
    async saveAgent({ agent, lastSeenMs }) {
      statements.saveAgent.run(agent.id, lastSeenMs, toJsonString(AgentSchema, agent));
      statements.forgetAgents.run(AGENTS_KEPT);
    },
    async agents(limit) {
      return statements.agents.all(limit).map((row) => ({
        agent: fromJsonString(AgentSchema, String(row['body']), IGNORE_UNKNOWN),
        lastSeenMs: Number(row['last_seen_ms']),
      }));
    },
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}

/** A later server may have written fields that this one does not know. */
const IGNORE_UNKNOWN = { ignoreUnknownFields: true };

function taskOf(row: Record<string, SQLOutputValue>): Task {
  return fromJsonString(TaskSchema, String(row['body']), IGNORE_UNKNOWN);
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path);
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000',
    );
  } catch (cause) {
    throw new EagleError('unavailable', `cannot open ${path}: ${String(cause)}`, { cause });
  }
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > FORMAT_VERSION) {
    database.close();
    throw new EagleError(
      'failed_precondition',
      `expected ${path} of version ${FORMAT_VERSION} or earlier, got ${version}: run the server that wrote it`,
    );
  }
  database.exec(`${SCHEMA} PRAGMA user_version = ${FORMAT_VERSION}`);
  return database;
}

function prepare(database: DatabaseSync) {
  return {
    taskByKey: database.prepare('SELECT body FROM tasks WHERE idempotency_key = ?'),
    taskById: database.prepare('SELECT body FROM tasks WHERE id = ?'),
    saveTask: database.prepare(
      'INSERT INTO tasks (id, idempotency_key, created_ms, ended, body) VALUES (?, ?, ?, ?, ?) ' +
        'ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, body = excluded.body',
    ),
    tasks: database.prepare(
      'SELECT body FROM tasks WHERE ended < ? ORDER BY created_ms DESC, id LIMIT ?',
    ),
    forgetTasks: database.prepare(
      'DELETE FROM tasks WHERE created_ms < ' +
        '(SELECT created_ms FROM tasks ORDER BY created_ms DESC LIMIT 1 OFFSET ? - 1)',
    ),
    forgetAgents: database.prepare(
      'DELETE FROM agents WHERE last_seen_ms < ' +
        '(SELECT last_seen_ms FROM agents ORDER BY last_seen_ms DESC LIMIT 1 OFFSET ? - 1)',
    ),
    saveAgent: database.prepare(
      'INSERT INTO agents (id, last_seen_ms, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE ' +
        'SET last_seen_ms = excluded.last_seen_ms, body = excluded.body',
    ),
    agents: database.prepare(
      'SELECT * FROM (SELECT id, last_seen_ms, body FROM agents ORDER BY last_seen_ms DESC LIMIT ?) ORDER BY id',
    ),
  };
}
