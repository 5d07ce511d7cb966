import { statSync } from 'node:fs';
import { EagleError } from '@kube-eagle/profile';
import { buildIdOf } from './elf/build-id.ts';
import { resolveInRoot } from './elf/debug-file.ts';
import { openElf } from './elf/open-elf.ts';
import { openVdso } from './elf/vdso.ts';
import { cgroupsOfProcess } from './proc/find-cgroups.ts';
import { readInside } from './proc/inside.ts';
import { type CodeMapping, parseMaps } from './proc/maps.ts';
import { readProcess, readProcFile } from './proc/process.ts';
import { type DetectedLanguage, detectLanguage } from './runtimes/detect-language.ts';
import type { Process } from './sampler/sampler.ts';
import { openFileSymbols, type SymbolSource } from './symbols/file-symbols.ts';
import { buildUnwindTable } from './unwind/build-table.ts';

/** How frames in one file, or in generated code, are found and named. */
export interface ExplainedFile {
  /** Path in the process's mount namespace; `generated code` for memory without a file. */
  readonly path: string;
  readonly buildId: string;
  /** Rows of its unwind table; 0 where the frame pointer is followed. */
  readonly tableRows: number;
  readonly names: SymbolSource | 'perf map' | 'unreadable';
}

/** What an agent makes of one process. */
export interface ExplainedProcess {
  readonly process: Process;
  readonly language: DetectedLanguage;
  readonly cgroups: readonly string[];
  readonly files: readonly ExplainedFile[];
  /** What is missing, and how to mend it. */
  readonly advice: readonly string[];
}

/**
 * Looks at a process as sampling it would. Throws `not_found` where there is none. Opens its files by
 * the kernel's own links, so nothing leads out of its container.
 */
export async function explainProcess(pid: number): Promise<ExplainedProcess> {
  const process = readProcess(pid);
  if (!process) {
    throw new EagleError('not_found', `expected a process ${pid} on this machine, got none`);
  }
  const mappings = parseMaps(readProcFile(`/proc/${pid}/maps`) ?? '').value;
  const inFiles = new Map(mappings.filter(isOfFile).map((mapping) => [mapping.path, mapping]));
  const files: ExplainedFile[] = [];
  for (const mapping of inFiles.values()) files.push(await explainFile(pid, mapping));
  if (mappings.some((mapping) => !isOfFile(mapping))) {
    const names = (await hasPerfMap(pid)) ? 'perf map' : 'none';
    files.push({ path: GENERATED, buildId: '', tableRows: 0, names });
  }
  using executable = openElf(`/proc/${pid}/exe`).value;
  const traits = { exe: process.exe, files: [...inFiles.keys()], elf: executable?.elf };
  const language = detectLanguage(traits);
  return {
    process,
    language,
    cgroups: cgroupsOfProcess(pid).map(({ directory }) => directory),
    files,
    advice: adviceFor(language, files),
  };
}

const GENERATED = 'generated code';

const isOfFile = ({ path, inode }: CodeMapping): boolean => inode !== 0 || path === '[vdso]';

async function explainFile(pid: number, mapping: CodeMapping): Promise<ExplainedFile> {
  const { path, start, end } = mapping;
  const range = `${start.toString(16)}-${end.toString(16)}`;
  const openPath = path === '[vdso]' ? '' : `/proc/${pid}/map_files/${range}`;
  using file = openPath === '' ? openVdso() : openElf(openPath).value;
  if (!file) return { path, buildId: '', tableRows: 0, names: 'unreadable' };
  const buildId = buildIdOf(file);
  using symbols = await openFileSymbols({ path, openPath, buildId });
  const tableRows = buildUnwindTable(file.elf)?.length ?? 0;
  return { path, buildId, tableRows, names: symbols?.source ?? 'none' };
}

/** Whether its runtime has written the names of its generated code. */
async function hasPerfMap(pid: number): Promise<boolean> {
  const inside = await readInside(pid);
  const path = inside && resolveInRoot(`/proc/${pid}/root`, `/tmp/perf-${inside.pid}.map`);
  return path !== undefined && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}

/** What makes a runtime name its generated code. */
const NAMING: Readonly<Partial<Record<DetectedLanguage['language'], string>>> = {
  javascript: 'start node with --perf-basic-prof, so that it names the code that it generates',
  java: 'start the JVM with -XX:+PreserveFramePointer; from JDK 17 on the agent asks it for names',
  dotnet: 'set DOTNET_PerfMapEnabled=1, so that it names the code that it generates',
  beam: 'start Erlang with +JPperf true, so that it names the code that it generates',
};

function adviceFor(
  { language }: DetectedLanguage,
  files: readonly ExplainedFile[],
): readonly string[] {
  return files.flatMap(({ path, names, tableRows }) => {
    if (path === GENERATED) {
      if (names !== 'none') return [];
      return [NAMING[language] ?? 'generated code has no names: have its runtime write a perf map'];
    }
    if (names === 'unreadable') return [`${path} cannot be read as a 64-bit ELF file`];
    return [
      ...(names === 'none' ? [`${path} has no symbols: install its debug symbols`] : []),
      ...(tableRows === 0
        ? [
            `${path} has no unwind table: build it with frame pointers, or without stripping .eh_frame`,
          ]
        : []),
    ];
  });
}

/** The same as lines for people. */
export function explanationText(explained: ExplainedProcess): string {
  const { process, language, cgroups, files, advice } = explained;
  const rows = files.map(({ path, buildId, tableRows, names }) => {
    const unwinder = tableRows > 0 ? `table, ${tableRows} rows` : 'frame pointers';
    return `  ${unwinder.padEnd(20)}  ${names.padEnd(14)}  ${(buildId || '-').padEnd(40)}  ${path}`;
  });
  return [
    `process    ${process.pid} ${process.comm} ${process.exe}`,
    `language   ${language.language}: ${language.evidence}`,
    `container  ${process.containerId || '-'}`,
    `unit       ${process.unit || '-'}`,
    ...cgroups.map((directory) => `cgroup     ${directory}`),
    '',
    `  ${'UNWOUND BY'.padEnd(20)}  ${'NAMES FROM'.padEnd(14)}  ${'BUILD ID'.padEnd(40)}  FILE`,
    ...rows,
    ...(advice.length > 0 ? ['', ...advice.map((line) => `mend: ${line}`)] : []),
  ]
    .map((line) => `${[...line].map((each) => (each < ' ' ? '?' : each)).join('')}\n`)
    .join('');
}
