import type { ContenderName } from '../contenders/contender.ts';
import { type MeasureName, measures } from '../measures.ts';
import type { Session } from '../session.ts';
import { median } from '../statistics.ts';
import { type Figures, longestCancel, type Pick, perSecond } from './figures.ts';
import { figure, markdownTable } from './markdown.ts';

type Line = readonly [title: string, figure: (contender: ContenderName) => number | undefined];

/** Everything that was measured, a column for each contender. */
export function measuredTable(
  figures: Figures,
  sessions: readonly Session[],
  startTimesMs: readonly number[],
): string {
  const lines: Line[] = (Object.keys(measures) as MeasureName[])
    .filter((name) => figures.rounds(name))
    .flatMap((name) => linesOf(figures, name));
  const memory = (pick: (memory: Session['memory']) => number) => (contender: ContenderName) => {
    const session = sessions.find((one) => one.contender.name === contender);
    return session?.contender.pid === undefined ? undefined : pick(session.memory);
  };
  lines.push(
    ['Resident memory at start, MB', memory(({ before }) => before)],
    ['Resident memory under load, the most, MB', memory(({ most }) => most)],
    ['Resident memory afterwards, MB', memory(({ last }) => last)],
    [
      'From start to first answer, ms',
      (name) => (name === 'zeke' ? median(startTimesMs) : undefined),
    ],
  );
  const names = sessions.map(({ contender }) => contender.name);
  return markdownTable(
    ['', ...sessions.map(({ contender }) => contender.title)],
    lines.map(([title, value]) => [title, ...names.map((name) => figure(value(name)))]),
  );
}

function linesOf(figures: Figures, name: MeasureName): Line[] {
  const { title, shape, pace, leaveAfter } = measures[name];
  const value = (pick: Pick) => (contender: ContenderName) => figures.value(name, contender, pick);
  const processor: Line = [
    `${title}: processor µs each`,
    (contender) => figures.processorMicros(name, contender),
  ];
  const perSecondLine: Line = [`${title}: a second`, value(perSecond)];
  if (leaveAfter !== undefined) {
    return [
      perSecondLine,
      processor,
      [`${title}: until the provider sees it, p50 ms`, value(({ cancelled }) => cancelled.p50)],
      [`${title}: until the provider sees it, p99 ms`, value(({ cancelled }) => cancelled.p99)],
      [
        `${title}: until the provider sees it (∞: never), the longest, ms`,
        (contender) => figures.greatest(name, contender, longestCancel),
      ],
    ];
  }
  if (pace.kind === 'closed') return [perSecondLine, processor];
  const late: Line = [`${title}: generator late, p99 ms`, value(({ lateness }) => lateness.p99)];
  if (shape.behaviour !== 'paced') {
    return [
      [`${title}: p50 ms`, value(({ latency }) => latency.p50)],
      [`${title}: p99 ms`, value(({ latency }) => latency.p99)],
      late,
      processor,
    ];
  }
  return [
    [`${title}: first token, p50 ms`, value(({ firstToken }) => firstToken.p50)],
    [`${title}: first token, p99 ms`, value(({ firstToken }) => firstToken.p99)],
    [`${title}: gap between chunks, p50 ms`, value(({ gap }) => gap.p50)],
    [`${title}: gap between chunks, p99 ms`, value(({ gap }) => gap.p99)],
    late,
    processor,
  ];
}
