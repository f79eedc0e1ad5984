/**
 * `npm run test:soak -- --minutes 60 --clients 32 --pause MS --seed N`: mixed traffic over failing
 * providers; ends with 1 when anything was wrong.
 */
import { parseArgs } from 'node:util';
import { type Sample, soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    clients: { type: 'string', default: '32' },
    pause: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
/** Memory at the end, of that when a quarter of the time was over, that is no growth. */
const flatShare = 1.15;

const seed = Number(values.seed);
say(`seed ${seed}`);
const report = await soak({
  minutes: Number(values.minutes),
  clients: Number(values.clients),
  seed,
  pauseMs: Number(values.pause),
  progress: ({ minute, answers, residentMb, descriptors }) => {
    const line = `${minute.toFixed(1)} min, ${answers} answers, ${residentMb} MB, ${descriptors} descriptors`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
  },
});
const { asked, budget, exitCode, missing, outcomes, rows, samples, spent } = report;
for (const [kind, count] of [...outcomes.statuses].sort()) say(`${kind}: ${count}`);
say(`
answers ${outcomes.answers}, requests at providers ${asked}, rows of attempts ${rows}
the poor key spent ${spent} of ${budget} micro-USD`);
const quarter = samples[Math.floor(samples.length / 4)];
const last = samples.at(-1);
if (quarter && last) say(`${inWords(quarter)}\n${inWords(last)}`);
const faults = [
  ...outcomes.wrong,
  ...(missing.length > 0
    ? [`${missing.length} answers lack rows: ${missing.slice(0, 5).join('; ')}`]
    : []),
  ...(rows < asked ? [`${asked - rows} requests at providers have no row`] : []),
  ...(spent > budget ? ['the budget was overspent'] : []),
  ...(exitCode === 0 ? [] : [`zeke ended with ${exitCode}`]),
  ...(quarter && last && last.residentMb > quarter.residentMb * flatShare ? ['memory grew'] : []),
];
for (const fault of faults) say(`WRONG: ${fault}`);
say(faults.length === 0 ? 'all as it must be' : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function inWords({ descriptors, minute, residentMb }: Sample): string {
  return `after ${minute.toFixed(1)} min: ${residentMb} MB, ${descriptors} descriptors`;
}
