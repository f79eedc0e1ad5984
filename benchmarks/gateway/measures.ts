import { type ContenderName, contenderNames } from './contenders/contender.ts';
import type { Pace } from './load/load-job.ts';
import type { RequestShape } from './requests.ts';

/** One thing that is measured in every round. */
export interface Measure {
  title: string;
  shape: RequestShape;
  pace: Pace;
  /** The client leaves after so many records of a stream. */
  leaveAfter?: number;
  /** Where not all contenders take part. */
  only?: readonly ContenderName[];
  /** How long it is measured, as a factor of what is asked for. */
  stretch?: number;
  /** Before it is measured, where that must be longer: streams must end as often as they begin. */
  leadInSeconds?: number;
}

export const measureNames = [
  'whole-32',
  'whole-1',
  'open-50',
  'open-200',
  'burst-32',
  'paced-50',
  'anthropic-32',
  'translated-32',
  'large-prompt-8',
  'refused-32',
  'leaving-20',
  'raced-50',
] as const;
export type MeasureName = (typeof measureNames)[number];

const promptBytes = 400;
const openAi = { dialect: 'openai', provider: 'openai', promptBytes } as const;
const whole: RequestShape = { ...openAi, behaviour: 'whole' };
const burst: RequestShape = { ...openAi, behaviour: 'burst' };
const paced: RequestShape = { ...openAi, behaviour: 'paced' };
const anthropicBurst: RequestShape = { ...burst, dialect: 'anthropic', provider: 'anthropic' };

/** LiteLLM answers some 60 requests a second: of more it is not through when the time is over. */
const quick = contenderNames.filter((name) => name !== 'litellm');

/** All measures, in the order of the tables. */
export const measures: Readonly<Record<MeasureName, Measure>> = {
  'whole-32': {
    title: 'Whole answers, 32 connections',
    shape: whole,
    pace: { kind: 'closed', connections: 32 },
  },
  'whole-1': {
    title: 'Whole answers, 1 connection',
    shape: whole,
    pace: { kind: 'closed', connections: 1 },
  },
  'open-50': {
    title: 'Whole answers, 50 a second',
    shape: whole,
    pace: { kind: 'open', perSecond: 50 },
  },
  'open-200': {
    title: 'Whole answers, 200 a second',
    shape: whole,
    pace: { kind: 'open', perSecond: 200 },
    stretch: 2,
    only: quick,
  },
  'burst-32': {
    title: 'Streams of 100 chunks at once, 32 connections',
    shape: burst,
    pace: { kind: 'closed', connections: 32 },
    only: quick,
  },
  'paced-50': {
    title: 'Streams of 100 chunks, 5 ms apart, 50 streams a second',
    shape: paced,
    pace: { kind: 'open', perSecond: 50 },
    leadInSeconds: 0.75,
    only: quick,
  },
  'anthropic-32': {
    title: 'Anthropic streams of 100 chunks at once, 32 connections',
    shape: anthropicBurst,
    pace: { kind: 'closed', connections: 32 },
    only: ['direct', 'nginx', 'zeke', 'governed'],
  },
  'translated-32': {
    title: 'Such streams translated from OpenAI, 32 connections',
    shape: { ...anthropicBurst, provider: 'openai' },
    pace: { kind: 'closed', connections: 32 },
    only: ['zeke'],
  },
  'large-prompt-8': {
    title: 'Prompts of 100 KB, 8 connections',
    shape: { ...whole, promptBytes: 100_000 },
    pace: { kind: 'closed', connections: 8 },
    only: quick,
  },
  'refused-32': {
    title: 'A provider that answers 429, 32 connections',
    shape: { ...whole, behaviour: 'refused' },
    pace: { kind: 'closed', connections: 32 },
    // A group whose only provider refuses all is soon not asked any more.
    only: quick.filter((name) => name !== 'governed'),
  },
  'leaving-20': {
    title: 'Clients that leave after 10 of 100 chunks, 20 at a time',
    shape: paced,
    pace: { kind: 'closed', connections: 20 },
    leaveAfter: 10,
    only: quick,
  },
  'raced-50': {
    title: 'A race of a fast provider and one that takes 25 ms more, 50 a second',
    shape: { ...whole, behaviour: 'raced' },
    pace: { kind: 'open', perSecond: 50 },
    only: ['governed'],
  },
};
