/**
 * Builds what is not run from source: the BPF objects, the page, the command line as one file.
 * `node scripts/build.ts [bpf|web|cli]…`; all of them without a word.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

const run = (command: string, args: readonly string[]): void => {
  execFileSync(command, args, { cwd: root, stdio: 'inherit' });
};

const PARTS: Readonly<Record<string, () => Promise<void> | void>> = {
  bpf: () => run('node', ['scripts/build-bpf.ts']),
  web: () => run('vite', ['build', 'packages/web', '--logLevel', 'warn']),
  cli: async () => {
    await bundle({
      entryPoints: [`${root}/packages/cli/src/main.ts`],
      outfile: `${root}/packages/cli/dist/kubectl-eagle.mjs`,
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      logLevel: 'warning',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
  },
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
for (const name of wanted) {
  const part = PARTS[name];
  if (!part) {
    console.error(`error: expected ${Object.keys(PARTS).join(', ')}, got ${name}`);
    process.exit(2);
  }
  console.log(`build ${name}`);
  await part();
}
