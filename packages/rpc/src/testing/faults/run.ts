/**
 * `bun packages/rpc/src/testing/faults/run.ts [--only NAME …] [--transport NAME …] [--minutes N]
 * [--seed N]`: what becomes of calls when processes, networks, clocks, memory and bytes fail. The exit
 * code is 1 when anything is not as it must be.
 */
import { parseArgs } from 'node:util';
import { testCertificates } from '../test-certificates.ts';
import { type ScenarioContext, Skipped } from './scenario.ts';
import { scenarios } from './scenarios/scenarios.ts';
import { faultTransports, transportNames } from './transport-table.ts';

/** How long one of the long scenarios may take, in minutes. */
const defaultMinutes = 15;
const maxSeed = 1_000_000_000;

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      transport: { type: 'string', multiple: true, default: [] },
      minutes: { type: 'string', default: String(defaultMinutes) },
      seed: { type: 'string', default: String(Math.floor(Math.random() * maxSeed)) },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  const unknown = [
    ...values.only.filter((name) => !(name in scenarios)),
    ...values.transport.filter((name) => !(name in faultTransports)),
  ];
  if (unknown.length > 0 || !(minutes > 0) || !Number.isSafeInteger(seed)) {
    say(`--only one of ${Object.keys(scenarios).join(', ')}`);
    say(`--transport one of ${transportNames.join(', ')}`);
    say('--minutes above 0, --seed a whole number');
    process.exitCode = 2;
    return;
  }
  const { authority: ca, server } = await testCertificates();
  const context: ScenarioContext = {
    tls: { ca, cert: server.certificate, key: server.key },
    transports: transportNames.filter((name) => isWanted(name, values.transport)),
    minutes,
    seed,
    report: (line) => say(`     ${line}`),
  };
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (!isWanted(name, values.only)) continue;
    say(`---- ${name}: ${scenario.title}`);
    const begun = performance.now();
    const outcome = await outcomeOf(scenario.run(context));
    counts[outcome]++;
    say(`${outcome === 'failed' ? 'FAIL' : outcome} ${name} (${seconds(begun)} s)`);
  }
  say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.failed > 0) process.exitCode = 1;
}

/** Who names none wants all. */
function isWanted(name: string, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.includes(name);
}

async function outcomeOf(run: Promise<void>): Promise<'passed' | 'failed' | 'skipped'> {
  try {
    await run;
    return 'passed';
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(`     ${error instanceof Skipped ? `skipped: ${error.message}` : text}`);
    return error instanceof Skipped ? 'skipped' : 'failed';
  }
}

function seconds(begun: number): string {
  return ((performance.now() - begun) / 1_000).toFixed(1);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
