import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalCompleters } from '../../completion/local/index.ts';
import { readText } from '../../context/read-text.ts';
import { CodeIndex } from '../../project-index/code-index.ts';
import { ParserThread } from '../../project-index/parser-thread.ts';
import { testEnvironment } from '../../project-index/testing/test-project.ts';
import { Snapshots } from '../../snapshots/snapshots.ts';
import { fileTools } from '../../tools/files/file-tools.ts';
import { searchTools } from '../../tools/search/search-tools.ts';
import { toolBench } from '../../tools/testing/tool-bench.ts';

/** Works over a project with a file of 1 GiB that begins as text, and prints by how many MiB that made it grow at most. */
const lines = 'let number = 1;\n'.repeat(8_000);
const tools = [...fileTools(), ...searchTools()];
await using bench = await toolBench(tools, { 'src/b.ts': 'let b;\n', 'huge.ts': lines });
const { root } = bench;
const { signal } = new AbortController();
const { project } = bench.context;
const place = { project, cwd: root };
const snapshots = new Snapshots({
  project,
  folder: join(root, '../snapshots'),
  path: testEnvironment.PATH ?? '',
  now: Date.now,
});
async function work(): Promise<string[]> {
  await using parser = new ParserThread();
  await using index = new CodeIndex({ root, parser, environment: testEnvironment, watches: false });
  await using completers = new LocalCompleters({ environment: testEnvironment });
  await index.build();
  await completers.of(root).ready();
  const { tree } = await snapshots.take(signal);
  return [
    (await bench.call('read_file', { path: 'huge.ts' })).text.slice(0, 20),
    (await bench.call('read_file', { path: 'huge.ts', offset: 9_000 })).text,
    (await bench.call('grep', { pattern: 'let b' })).text,
    (await bench.call('edit', { path: 'huge.ts', old_string: 'x', new_string: 'y' })).text,
    (await readText(place, 'huge.ts', 2 * 1024 * 1024)).kind,
    String(index.stats().parsedFiles),
    tree,
  ];
}
// As it is with a small file: what has to be loaded is.
await work();
const before = process.resourceUsage().maxRSS;
await truncate(join(root, 'huge.ts'), 2 ** 30);
const said = await work();
const grownMiB = Math.round((process.resourceUsage().maxRSS - before) / 1024);
process.stdout.write(JSON.stringify({ grownMiB, said }));
process.exit(0);
