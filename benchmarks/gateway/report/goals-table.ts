import type { ContenderName } from '../contenders/contender.ts';
import type { MeasureName } from '../measures.ts';
import type { Session } from '../session.ts';
import { median } from '../statistics.ts';
import { type Figures, longestCancel, type Pick, perSecond } from './figures.ts';
import { figure, markdownTable } from './markdown.ts';

/** What is asked of zeke, and what was measured. */
export interface Goal {
  what: string;
  /** At least, or at most. */
  bound: 'min' | 'max';
  limit: number;
  measured: number | undefined;
}

/** A row for each goal. */
export function goalsTable(goals: readonly Goal[]): string {
  return markdownTable(
    ['Goal', 'wanted', 'measured', 'met'],
    goals.map((goal) => [
      goal.what,
      `${goal.bound === 'min' ? '≥' : '≤'} ${goal.limit.toLocaleString('en-US')}`,
      figure(goal.measured),
      met(goal),
    ]),
  );
}

function met({ bound, limit, measured }: Goal): string {
  if (measured === undefined) return '-';
  return (bound === 'min' ? measured >= limit : measured <= limit) ? 'yes' : 'no';
}

const ratio = (one: number, two: number) => one / two;
const added = (one: number, two: number) => one - two;

/** The goals of a run of rounds. */
export function goalsOf(
  figures: Figures,
  zeke: Session | undefined,
  startTimesMs: readonly number[],
): Goal[] {
  const pair = (name: MeasureName, peer: ContenderName, pick: Pick, join: typeof ratio) =>
    figures.pair(name, ['zeke', peer], pick, join);
  const max = (what: string, limit: number, measured: number | undefined): Goal => ({
    what,
    bound: 'max',
    limit,
    measured,
  });
  const min = (what: string, limit: number, measured: number | undefined): Goal => ({
    what,
    bound: 'min',
    limit,
    measured,
  });
  const rate = (peer: ContenderName) => pair('whole-32', peer, perSecond, ratio);
  return [
    min('Whole answers a second', 16_000, figures.value('whole-32', 'zeke', perSecond)),
    min('Whole answers a second, of nginx', 0.5, rate('nginx')),
    min('Whole answers a second, of Portkey', 10, rate('portkey')),
    max('Processor for a whole answer, µs', 60, figures.processorMicros('whole-32', 'zeke')),
    max('Added at 200 a second, p50 ms', 0.3, pair('open-200', 'direct', p50, added)),
    max('Added at 200 a second, p99 ms', 1, pair('open-200', 'direct', p99, added)),
    max('Added to the first token, p50 ms', 0.3, pair('paced-50', 'direct', firstToken, added)),
    min('100-chunk streams a second, of nginx', 0.9, pair('burst-32', 'nginx', perSecond, ratio)),
    max('More processor for a translated stream, µs', 150, translationMicros(figures)),
    max(
      'From a client that leaves to its provider, the longest, ms',
      50,
      figures.greatest('leaving-20', 'zeke', longestCancel),
    ),
    min(
      'Whole answers a second with all rules, of those without',
      0.8,
      figures.pair('whole-32', ['governed', 'zeke'], perSecond, ratio),
    ),
    max('Added by a race to its faster provider, p50 ms', 1, raceMs(figures)),
    min('Whole answers a second, of LiteLLM', 1, rate('litellm')),
    ...(['portkey', 'litellm'] as const).flatMap((peer) => [
      max(`Added at 50 a second, p50, of ${peer}`, 1, addedShare(figures, peer, p50)),
      max(`Added at 50 a second, p99, of ${peer}`, 1, addedShare(figures, peer, p99)),
    ]),
    max('Resident memory, the most, MB', 100, zeke?.memory.most),
    max('From start to first answer, ms', 300, median(startTimesMs)),
  ];
}

const p50: Pick = ({ latency }) => latency.p50;
const p99: Pick = ({ latency }) => latency.p99;
const firstToken: Pick = (result) => result.firstToken.p50;

/** What zeke adds to direct answers, as a share of what a peer adds. */
function addedShare(figures: Figures, peer: ContenderName, pick: Pick): number | undefined {
  const ours = figures.pair('open-50', ['zeke', 'direct'], pick, added);
  const theirs = figures.pair('open-50', [peer, 'direct'], pick, added);
  return ours === undefined || theirs === undefined ? undefined : ours / theirs;
}

/** Both rows come from the same server: in one it asks the faster provider alone. */
function raceMs(figures: Figures): number | undefined {
  const raced = figures.value('raced-50', 'governed', p50);
  const alone = figures.value('open-50', 'governed', p50);
  return raced === undefined || alone === undefined ? undefined : raced - alone;
}

/**
 * Both rows are the same Anthropic client, that gets 100 chunks over as many connections: in one its
 * provider speaks OpenAI's dialect, in the other its own, so that the difference is the translation.
 */
function translationMicros(figures: Figures): number | undefined {
  const translated = figures.processorMicros('translated-32', 'zeke');
  const passed = figures.processorMicros('anthropic-32', 'zeke');
  return translated === undefined || passed === undefined ? undefined : translated - passed;
}
