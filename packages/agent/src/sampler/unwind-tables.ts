import { BLOCK_BYTES, layOutBlocks } from '../unwind/table-blocks.ts';
import type { TableBuilder } from '../unwind/table-builder.ts';
import type { BuiltTable } from '../unwind/table-of-file.ts';
import type { UnwindTable } from '../unwind/unwind-table.ts';
import type { CodeFile } from './executable-table.ts';
import { createKernelRules } from './kernel-rules.ts';
import { type BpfObject, createBlockArray } from './libbpf.ts';
import { createTableShelf, type KernelTable } from './table-shelf.ts';

/** Gives the kernel the unwind tables of the executables it meets. */
export interface UnwindTables extends AsyncDisposable {
  /** Has the table of a file in the kernel before long. Until then frame pointers are followed. */
  want(file: CodeFile): void;
  /** Says that code of a file was met: tables that are used are the last to be given up. */
  use(file: CodeFile): void;
  /** `tablesAwaited` are those that are still being made. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Files remembered for having no table. */
const MAX_WITHOUT_TABLE = 4_096;
/** Tries to open a file: each process that maps it is another way to it. */
const MAX_TRIES = 4;

/** Files of one build share a table. */
function keyOf({ executable: { buildId, openPath, path } }: CodeFile): string {
  return buildId || openPath || path;
}

/** No tables yet. The builder stays its caller's. */
export function createUnwindTables(object: BpfObject, builder: TableBuilder): UnwindTables {
  const rules = createKernelRules(object.map('rules'));
  const shelf = createTableShelf(object.map('tables'));
  const withoutTable = new Set<string>();
  const building = new Map<string, Promise<BuiltTable>>();
  const counters = { filesWithoutTable: 0, tablesRefused: 0 };
  let isClosed = false;

  function putIntoArray(table: UnwindTable): KernelTable | undefined {
    const numbers = rules.numbersOf(table.rules);
    const bytes = layOutBlocks(table, (rule) => numbers[rule] ?? 0);
    const fd = bytes && createBlockArray(bytes, BLOCK_BYTES);
    if (typeof fd === 'number') return { fd, sizeBytes: bytes?.length ?? 0 };
    counters.tablesRefused++;
    return undefined;
  }

  /** What a build comes to, taken in once however many wait for it. */
  function takeIn(key: string, built: BuiltTable): void {
    building.delete(key);
    if (isClosed || built.kind === 'gone') return;
    const table = built.kind === 'table' ? putIntoArray(built.table) : undefined;
    if (table) shelf.keep(key, table);
    else withoutTable.add(key);
    if (built.kind === 'none') counters.filesWithoutTable++;
    const [oldest = key] = withoutTable;
    if (withoutTable.size > MAX_WITHOUT_TABLE) withoutTable.delete(oldest);
  }

  async function load(file: CodeFile, key: string): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES && !isClosed; tries++) {
      if (withoutTable.has(key)) return;
      if (shelf.find(key)) return shelf.link(file.number, key);
      let build = building.get(key);
      if (!build) {
        build = builder.build(file.executable).then((built) => {
          takeIn(key, built);
          return built;
        });
        building.set(key, build);
      }
      await build;
    }
  }

  return {
    get counters() {
      return {
        ...shelf.counters,
        ...builder.counters,
        ...counters,
        tablesAwaited: building.size,
        rulesRefused: rules.refused,
      };
    },
    want(file) {
      load(file, keyOf(file)).catch(() => {
        counters.tablesRefused++;
      });
    },
    use: (file) => shelf.use(file.number),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await shelf[Symbol.asyncDispose]();
    },
  };
}
