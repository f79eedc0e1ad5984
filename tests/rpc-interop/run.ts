import { parseArgs } from 'node:util';
import { openBench } from './bench.ts';
import { http2Conformance } from './conformance/http2.ts';
import { peers } from './peers/index.ts';
import type { Bench, Peer } from './peers/peer.ts';
import { type PairResult, runClient, runServer } from './run-pair.ts';
import { explained, table } from './table.ts';

/**
 * Every peer against our servers and our client against every peer's, case by case:
 * `bun tests/rpc-interop/run.ts [--peer NAME …]`. Prints what went wrong, a table, and
 * `N passed, N failed`; the exit code is 1 when anything did. A peer that cannot be installed counts
 * as one failure.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { peer: { type: 'string', multiple: true, default: [] } },
  });
  const chosen = chosenPeers(values.peer);
  await using bench = await openBench();
  const results: PairResult[] = [];
  const missing: string[] = [];
  for (const peer of chosen) {
    say(`${peer.name}: installing\n`);
    try {
      const version = await peer.install();
      results.push(...(await runPeer(peer, version, bench)));
    } catch (error) {
      missing.push(`${peer.name} cannot be installed: ${reasonOf(error)}`);
    }
  }
  const conformance = values.peer.length === 0 ? await http2Conformance() : undefined;
  say(explained(results));
  for (const line of missing) say(`\nMISSING ${line}\n`);
  say(table(results));
  if (conformance !== undefined) say(conformance.report);
  const passed = results.reduce((sum, one) => sum + one.passed, conformance?.passed ?? 0);
  const failed = results.reduce((sum, one) => sum + one.failed, conformance?.failed ?? 0);
  const all = failed + missing.length;
  say(`${passed} passed, ${all} failed\n`);
  process.exitCode = all > 0 ? 1 : 0;
}

function chosenPeers(names: readonly string[]): readonly Peer[] {
  const unknown = names.filter((name) => !peers.some((peer) => peer.name === name));
  if (unknown.length > 0) {
    throw new Error(`${unknown} is none of ${peers.map(({ name }) => name).join(', ')}`);
  }
  return peers.filter(({ name }) => names.length === 0 || names.includes(name));
}

async function runPeer(peer: Peer, version: string, bench: Bench): Promise<PairResult[]> {
  const results: PairResult[] = [];
  for (const client of peer.clients ?? []) {
    results.push(await runClient(`${peer.name} ${version}`, client, bench));
    say(summary(results.at(-1)));
  }
  for (const server of peer.servers ?? []) {
    results.push(await runServer(`${peer.name} ${version}`, server, bench));
    say(summary(results.at(-1)));
  }
  return results;
}

function summary(result: PairResult | undefined): string {
  if (result === undefined) return '';
  const { title, passed, failed, elapsedMs } = result;
  const seconds = (elapsedMs / 1_000).toFixed(1);
  return `  ${failed === 0 ? 'pass' : 'FAIL'} ${title}: ${passed} passed, ${failed} failed (${seconds} s)\n`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function say(text: string): void {
  process.stdout.write(text);
}

await main();
process.exit();
