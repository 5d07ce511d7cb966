import { realpathSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { findSection, PF, sectionBytes } from '../packages/agent/src/elf/elf-file.ts';
import { openElf } from '../packages/agent/src/elf/open-elf.ts';
import { readSymbolTable, type SymbolTable } from '../packages/agent/src/elf/symbol-table.ts';
import { readKernelSymbols } from '../packages/agent/src/proc/kallsyms.ts';
import { loadDemangler } from '../packages/agent/src/symbols/demangle.ts';
import { type Figure, median } from './figure.ts';

const ROUNDS = 5;
const LOOKUPS = 200_000;
const MAX_NAMES = 20_000;
const MAX_PAUSE_MS = 50;
const LIBC = '/lib/x86_64-linux-gnu/libc.so.6';

async function medianMs(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return median(times);
}

/** The longest that anything else in this process had to wait while some work ran. */
async function longestPauseMs(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  await new Promise((resolve) => setTimeout(resolve, 10));
  delay.disable();
  return delay.max / 1e6;
}

async function load(path: string, name: '.symtab' | '.dynsym'): Promise<SymbolTable> {
  using file = openElf(path).value;
  const table = file && (await readSymbolTable(file.elf, name));
  if (!table) throw new Error(`expected ${name} in ${path}, there is none: run this elsewhere`);
  return table;
}

function mangledNames(path: string): readonly string[] {
  using file = openElf(path).value;
  const section = file && findSection(file.elf, '.strtab');
  const bytes = file && section ? sectionBytes(file.elf, section) : new Uint8Array();
  const names = Buffer.from(bytes).toString('latin1').split('\0');
  return names.filter((name) => name.startsWith('_Z')).slice(0, MAX_NAMES);
}

/** Evenly spread over a program's code, the same ones in each run. */
function codeAddresses(path: string): readonly number[] {
  using file = openElf(path).value;
  const code = file?.elf.segments.find(({ flags }) => (flags & PF.execute) !== 0);
  const { address, fileSize } = code ?? { address: 0, fileSize: 0 };
  const step = 0.618033988749895;
  return Array.from({ length: LOOKUPS }, (_, index) =>
    Math.floor(address + ((index * step) % 1) * fileSize),
  );
}

async function pause(name: string, work: () => Promise<unknown>): Promise<Figure> {
  const value = await longestPauseMs(work);
  const within = value <= MAX_PAUSE_MS;
  return { name, value, unit: 'ms', budget: `≤ ${MAX_PAUSE_MS}`, within };
}

/** Cost of names: tables of Node's own program and of libc, look-ups, the kernel's list, demangling. */
export async function* symbols(): AsyncIterable<Figure> {
  const node = realpathSync(process.execPath);
  const loadNode = (): Promise<SymbolTable> => load(node, '.symtab');
  const loadLibc = (): Promise<SymbolTable> => load(LIBC, '.dynsym');
  const table = await loadNode();
  const size = `${table.length} functions of node`;
  yield { name: `load ${size}`, value: await medianMs(loadNode), unit: 'ms' };
  yield await pause('longest pause of the process in that', loadNode);
  const exported = (await loadLibc()).length;
  const libcMs = await medianMs(loadLibc);
  yield { name: `load ${exported} functions of libc`, value: libcMs, unit: 'ms' };

  const addresses = codeAddresses(node);
  const lookupMs = await medianMs(() => addresses.filter((address) => table.find(address)));
  yield { name: `find one of ${size}`, value: (lookupMs / LOOKUPS) * 1e6, unit: 'ns' };

  const kernel = await readKernelSymbols();
  const kernelMs = await medianMs(() => readKernelSymbols());
  yield { name: `load ${kernel.length} functions of the kernel`, value: kernelMs, unit: 'ms' };
  yield await pause('longest pause of the process in that', () => readKernelSymbols());

  const demangle = await loadDemangler();
  const names = mangledNames(node);
  const demangleMs = await medianMs(() => names.map((name) => demangle(name)));
  yield { name: 'write out a C++ name', value: (demangleMs / names.length) * 1e3, unit: 'us' };
}
