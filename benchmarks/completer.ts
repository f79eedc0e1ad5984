/**
 * `bun run benchmarks/completer.ts`: the local completer beside a plain n-gram and the word completion of
 * editors, on files that were held out and on insertions from git history; how reliable its confidence
 * is; and what learning a project costs. Prints Markdown tables. `--help` tells the options.
 */
import { cpus, release } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildTable, coldStart, manyProjects } from './completer/build-cost.ts';
import { zeke } from './completer/contender.ts';
import { holdOut } from './completer/held-out.ts';
import { apply, insertionsOf, openHistory } from './completer/insertions.ts';
import { listSources } from './completer/list-sources.ts';
import { placesOf } from './completer/places.ts';
import { plainNgram } from './completer/plain-ngram.ts';
import { reliability, share } from './completer/reliability.ts';
import { Score } from './completer/score.ts';
import { wordCompletion } from './completer/word-completion.ts';
import { figure, markdownTable } from './gateway/report/markdown.ts';

const usage = `bun run benchmarks/completer.ts [options]

--project PATH   held-out files of this project of TypeScript (several: repeat). Default: the sources of
                 ai, zod and @grpc/grpc-js as installed, and this repository
--history PATH   insertions from the commits of this repository. Default: this one
--files N        files held out of a project (40)
--commits N      commits of the history, the latest (40)
--only A,B       replay, insertions, cost`;

type Scores = ReadonlyMap<string, Score>;

/** One after the other, ours first: the maps of the others would make it wait for the collector. */
const contenders = [zeke, plainNgram, wordCompletion];

const goals = { mrr: 0.7, confidence: 0.7, right: 0.8, answerUs: 3_000 };

const repository = join(import.meta.dirname, '..');
const options = readOptions();
if (options.help) console.log(usage);
else await run();

function readOptions() {
  const { values } = parseArgs({
    args: Bun.argv.slice(2),
    options: {
      project: { type: 'string', multiple: true, default: installedProjects() },
      history: { type: 'string', default: repository },
      files: { type: 'string', default: '40' },
      commits: { type: 'string', default: '40' },
      only: { type: 'string', default: 'replay,insertions,cost' },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

/** Packages that come with their sources, and this repository, on which constants were tried. */
function installedProjects(): string[] {
  const found = [
    ['ai', 'tests'],
    ['zod', 'packages/foundation'],
    ['@grpc/grpc-js', 'benchmarks'],
  ].map(([name = '', from = '']) =>
    dirname(Bun.resolveSync(`${name}/package.json`, join(repository, from))),
  );
  return [...found, repository];
}

async function run(): Promise<void> {
  const only = options.only.split(',');
  if (only.includes('replay')) for (const project of options.project) await replay(project);
  if (only.includes('insertions')) await insertions();
  if (only.includes('cost')) await cost();
  console.log(`\n${conditions()}`);
}

/** Files that nobody has seen are written from the first token to the last. */
async function replay(project: string): Promise<void> {
  await using heldOut = await holdOut(project, Number(options.files));
  const scores = new Map<string, Score>();
  for (const open of contenders) {
    await using contender = await open(heldOut.root);
    const score = new Score();
    for (const { path, text } of heldOut.files) {
      for (const place of placesOf(path, text)) {
        if (open === zeke || place.kind !== 'typed') score.add(contender, place);
      }
    }
    scores.set(contender.name, score);
  }
  console.log(
    `\n## ${nameOf(project)}: ${heldOut.files.length} files held out of ${heldOut.all}\n`,
  );
  report(scores);
}

/** A repository grows commit by commit; each line that was inserted is written where it was. */
async function insertions(): Promise<void> {
  await using history = await openHistory(options.history, Number(options.commits));
  const scores = new Map<string, Score>();
  for (const open of contenders) {
    await using contender = await open(history.root);
    const score = new Score();
    for (const commit of history.commits) {
      for await (const place of insertionsOf(options.history, commit)) {
        if (open === zeke || place.kind !== 'typed') score.add(contender, place);
      }
      await apply(options.history, commit, contender);
    }
    scores.set(contender.name, score);
  }
  const count = history.commits.length;
  console.log(`\n## ${nameOf(options.history)}: what its last ${count} commits inserted\n`);
  report(scores);
}

function nameOf(folder: string): string {
  return folder.split('/node_modules/').at(-1)?.split('/').slice(-2).join('/') ?? folder;
}

function report(scores: Scores): void {
  console.log(rankTable(scores));
  const [own] = scores.values();
  if (own === undefined) return;
  console.log(`\n${shownTable(own)}\n\n${reliability(own.shown)}\n\n${goalLine(own)}`);
}

function rankTable(scores: Scores): string {
  const [own] = scores.values();
  const header = [
    '',
    'MRR@10',
    'top 1',
    'MRR, words',
    'MRR, 2 typed',
    '× zeke',
    'p50 µs',
    'p99 µs',
  ];
  const rows = [...scores].map(([name, score]) => {
    const { p50, p99 } = score.timesUs();
    return [
      name,
      share(score.mrr('next')),
      share(score.top1('next')),
      share(score.mrr('word')),
      share(score.mrr('started')),
      figure(score.mrr('started') / (own?.mrr('started') ?? Number.NaN)),
      figure(p50),
      figure(p99),
    ];
  });
  const count = own?.count('next').toLocaleString('en-US');
  return `${markdownTable(header, rows)}\n\n${count} tokens, without comments, blanks and line ends. Word completion needs a letter. µs of processor time for an answer.`;
}

/** What a typist sees of zeke: asked behind each token, at each line's start and end. */
function shownTable(score: Score): string {
  const rows = [0.5, 0.6, 0.7, 0.8, 0.9].map((least) => {
    const shown = score.shown.filter(({ confidence }) => confidence >= least);
    const right = shown.filter(({ isRight }) => isRight);
    const characters = right.reduce((sum, row) => sum + row.characters, 0);
    return [
      `≥ ${least}`,
      share(shown.length / score.asked),
      share(right.length / shown.length),
      figure(characters / right.length),
    ];
  });
  return markdownTable(
    ['confidence', 'shown', 'right to the letter', 'characters, if right'],
    rows,
  );
}

function goalLine(score: Score): string {
  const shown = score.shown.filter(({ confidence }) => confidence >= goals.confidence);
  const right = shown.filter(({ isRight }) => isRight).length / shown.length;
  const met = (isMet: boolean) => (isMet ? 'met' : 'not met');
  return [
    `Goals: MRR@10 of ${goals.mrr}, ${met(score.mrr('next') >= goals.mrr)};`,
    `${goals.right} right to the letter at ${goals.confidence}, ${met(right >= goals.right)};`,
    `99 of 100 answers within ${goals.answerUs / 1000} ms, ${met(score.timesUs().p99 <= goals.answerUs)}.`,
  ].join(' ');
}

async function cost(): Promise<void> {
  const [{ path, text } = { path: 'a.ts', text: '' }] = await listSources(repository);
  console.log('\n## Learning this repository\n');
  console.log(await buildTable(repository));
  console.log(`\n${await coldStart(repository, path, text.slice(0, text.length / 2))}`);
  console.log(`\n${await manyProjects(repository)}`);
}

/** How it was measured, when and where. */
function conditions(): string {
  const all = cpus();
  return [
    `${new Date().toISOString().slice(0, 10)}, Bun ${Bun.version},`,
    `${all.length} cores of ${all[0]?.model ?? 'unknown make'}, Linux ${release()}.`,
  ].join(' ');
}
