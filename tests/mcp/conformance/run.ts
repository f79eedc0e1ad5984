/**
 * The official conformance suite against zeke's MCP server and client, for both eras of the protocol:
 * `npm run test:mcp-conformance`. Ends with 1 where something required fails, or something unexpected.
 */
import { join } from 'node:path';
import { expectedFailures } from './expected-failures.ts';
import { revisions, runSuite, type SuiteResult } from './run-suite.ts';
import { serveFixture } from './serve-fixture.ts';

await using fixture = serveFixture();
const client = [process.execPath, join(import.meta.dir, 'client-program.ts')].join(' ');

let isGood = true;
for (const revision of revisions) {
  report('server', revision, await runSuite('server', revision, ['--url', fixture.url]));
  report('client', revision, await runSuite('client', revision, ['--command', client]));
}
await fixture[Symbol.asyncDispose]();
process.exit(isGood ? 0 : 1);

function report(side: 'server' | 'client', revision: string, result: SuiteResult): void {
  const expected = expectedFailures[side];
  const unexpected = result.failed.filter((name) => !(name in expected));
  const healed = result.passed.filter((name) => name in expected);
  const isConformant = result.isConformant && unexpected.length === 0 && healed.length === 0;
  const counts = `${result.passed.length} scenarios passed, ${result.failed.length} failed`;
  process.stdout.write(`${side} ${revision}: ${counts}${isConformant ? '' : ' NOT GOOD'}\n`);
  for (const name of result.failed) {
    process.stdout.write(`  failed: ${name}: ${expected[name] ?? 'UNEXPECTED'}\n`);
  }
  for (const name of healed) process.stdout.write(`  passes now, take it off the list: ${name}\n`);
  if (isConformant) return;
  isGood = false;
  process.stdout.write(`${result.output}\n`);
}
