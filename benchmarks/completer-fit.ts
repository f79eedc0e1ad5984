/**
 * `bun run benchmarks/completer-fit.ts`: fits the weights of the local completer's ranking, and the regression of its
 * confidence, on files held out of projects that `benchmarks/completer.ts` does not measure. Prints how
 * well they do on others, and writes the weights. `--help` tells the options.
 */
import { parseArgs } from 'node:util';
import { type Sample, samplesOf } from './completer/fit-samples.ts';
import { generator } from './completer/held-out.ts';
import { NetworkTrainer } from './completer/network-trainer.ts';

const usage = `bun run benchmarks/completer-fit.ts --project PATH --check PATH [options]

--project PATH   learn from held-out files of this project (several: repeat)
--check PATH     see on this project how well it goes, and fit the confidence on it (several: repeat)
--files N        files held out of a project (60)
--every N        of how many tokens one is taken (2)
--epochs N       times through all (6)
--out FILE       where the weights go (standard output)`;

const { values: options } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    project: { type: 'string', multiple: true, default: [] },
    check: { type: 'string', multiple: true, default: [] },
    files: { type: 'string', default: '60' },
    every: { type: 'string', default: '2' },
    epochs: { type: 'string', default: '6' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) console.log(usage);
else await run();

async function run(): Promise<void> {
  const random = generator(5);
  const all = await gathered(options.project);
  const checked = await gathered(options.check);
  const trainer = new NetworkTrainer(random);
  const epochs = Number(options.epochs);
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(all, random);
    const loss = trainer.learn(all, 0.004 * (1 - epoch / epochs) ** 2 + 0.0002);
    console.log(`${epoch + 1}: loss ${loss.toFixed(4)}; ${measure(trainer, checked)}`);
  }
  for (const isEnding of [false, true]) {
    const [bias, odds] = calibration(
      trainer,
      checked.filter((sample) => sample.isEnding === isEnding),
    );
    const role = isEnding ? 'ending' : 'next, further';
    console.log(`confidence of ${role}: [${bias.toFixed(2)}, ${odds.toFixed(2)}]`);
  }
  const source = sourceOf(trainer);
  if (options.out === undefined) console.log(source);
  else await Bun.write(options.out, source);
}

async function gathered(projects: readonly string[]): Promise<Sample[]> {
  const found: Sample[] = [];
  for (const project of projects) {
    for await (const sample of samplesOf(project, Number(options.files), Number(options.every))) {
      found.push(sample);
    }
    console.log(`${project}: ${found.length} places`);
  }
  return found;
}

function shuffle(samples: Sample[], random: () => number): void {
  for (let i = samples.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [samples[i], samples[other]] = [samples[other] as Sample, samples[i] as Sample];
  }
}

/** Mean reciprocal ranks, of ends of lines too. */
function measure(trainer: NetworkTrainer, samples: readonly Sample[]): string {
  const of = (isEnding: boolean) => {
    const some = samples.filter((sample) => sample.isEnding === isEnding);
    let sum = 0;
    for (const sample of some) {
      const shares = trainer.probabilities(sample).subarray(0, sample.count - 1);
      const rank = rankOf(shares, sample.right);
      if (rank > 0 && rank <= 10) sum += 1 / rank;
    }
    return (sum / some.length).toFixed(4);
  };
  return `MRR ${of(false)}, of words begun ${of(true)}`;
}

function rankOf(shares: Float64Array, right: number): number {
  const own = shares[right];
  if (own === undefined) return 0;
  let rank = 1;
  for (const share of shares) if (share > own) rank++;
  return rank;
}

/** A logistic regression of being right on the log-odds of the best candidates, by Newton's method. */
function calibration(
  trainer: NetworkTrainer,
  samples: readonly Sample[],
): [bias: number, odds: number] {
  const points: [odds: number, isRight: number][] = [];
  for (const sample of samples) {
    for (const [i, share] of trainer.probabilities(sample).entries()) {
      if (i === sample.count - 1) continue;
      const clipped = Math.min(1 - 1e-4, Math.max(1e-4, share));
      if (share > 0.02) {
        points.push([Math.log(clipped / (1 - clipped)), i === sample.right ? 1 : 0]);
      }
    }
  }
  let bias = 0;
  let slope = 1;
  for (let round = 0; round < 20; round++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 0, 0, 0];
    for (const [odds, isRight] of points) {
      const share = 1 / (1 + Math.exp(-bias - slope * odds));
      const weight = share * (1 - share);
      g0 += isRight - share;
      g1 += (isRight - share) * odds;
      h00 += weight;
      h01 += weight * odds;
      h11 += weight * odds * odds;
    }
    const determinant = h00 * h11 - h01 * h01;
    bias += (g0 * h11 - g1 * h01) / determinant;
    slope += (g1 * h00 - g0 * h01) / determinant;
  }
  return [bias, slope];
}

/** In thousandths. */
function sourceOf(trainer: NetworkTrainer): string {
  const rows = Object.entries(trainer.weights).map(([name, values]) => {
    const numbers = Array.from(values as Float32Array, (value) => Math.round(value * 1_000));
    return `  ${name}: [${numbers.join(', ')}],`;
  });
  return [
    '/**',
    ' * Of the ranking, in thousandths, as `bun run benchmarks/completer-fit.ts` wrote them. `hidden` is by unit and',
    ' * feature.',
    ' */',
    'export const weights = {',
    ...rows,
    '};\n',
  ].join('\n');
}
