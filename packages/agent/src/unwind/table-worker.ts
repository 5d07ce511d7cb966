/**
 * The thread that makes the unwind tables of large files: a tenth of a second, which nothing else has
 * to wait for. Gets a {@link TableRequest}, answers with a {@link TableAnswer}.
 */
import { parentPort } from 'node:worker_threads';
import { type BuiltTable, type CodeOrigin, tableOfFile } from './table-of-file.ts';

export interface TableRequest extends CodeOrigin {
  readonly id: number;
}

export interface TableAnswer {
  readonly id: number;
  readonly built: BuiltTable;
}

parentPort?.on('message', ({ id, openPath, buildId }: TableRequest) => {
  const built = tableOfFile({ openPath, buildId });
  const moved = built.kind === 'table' ? [built.table.pc.buffer as ArrayBuffer] : [];
  parentPort?.postMessage({ id, built } satisfies TableAnswer, moved);
});
