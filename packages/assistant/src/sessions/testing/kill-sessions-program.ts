import { parseArgs } from 'node:util';
import { killSessions } from './kill-sessions.ts';

/** Kills sessions and says what came of it: `--kills 200 --seed 1`. Ends with 1 where something was lost. */
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
});
const report = await killSessions({
  kills: Number(values.kills),
  seed: Number(values.seed),
  planLength: 12,
  path: process.env.PATH ?? '',
  onProgress: (text) => process.stderr.write(`${text}\n`),
});
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.faults.length === 0 ? 0 : 1;
