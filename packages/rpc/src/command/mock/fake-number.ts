import type { FakeHints } from './fake-text.ts';
import { fakeTimeMs } from './fake-time.ts';

/** What a number's type can hold. */
export interface NumberShape {
  readonly isFraction: boolean;
  readonly isUnsigned: boolean;
  /** 32 or 64. */
  readonly bits: number;
}

/** A number that a field of this name and type may well hold. */
export function fakeNumber(hints: FakeHints, shape: NumberShape): number {
  const value = guess(hints, shape);
  if (shape.isFraction) return Number(value.toFixed(value % 1 === 0 ? 0 : 4));
  const whole = Math.round(value);
  return shape.isUnsigned ? Math.abs(whole) : whole;
}

type Rule = readonly [RegExp, (hints: FakeHints, shape: NumberShape) => number];

function guess(hints: FakeHints, shape: NumberShape): number {
  const rule = rules.find(([pattern]) => pattern.test(hints.name));
  if (rule !== undefined) return rule[1](hints, shape);
  const { random } = hints;
  return shape.isFraction ? random.integer(0, 100_000) / 100 : random.integer(1, 1_000);
}

/** Money is a fraction, or whole cents. */
function money({ random }: FakeHints, { isFraction }: NumberShape): number {
  const cents = random.integer(100, 50_000);
  return isFraction ? cents / 100 : cents;
}

/** Seconds or milliseconds since 1970, as the name says and the type can hold. */
function moment(hints: FakeHints, { bits, isFraction }: NumberShape): number {
  const ms = fakeTimeMs(hints);
  const inMs = /ms|milli/.test(hints.name) && (bits === 64 || isFraction);
  return inMs ? ms : Math.floor(ms / 1_000);
}

function part({ random, name }: FakeHints, { isFraction }: NumberShape): number {
  const percent = random.integer(0, 100);
  return isFraction && !/percent/.test(name) ? percent / 100 : percent;
}

/** The first that fits counts. */
const rules: readonly Rule[] = [
  [words('latitude|lat'), ({ random }) => random.integer(-80_000, 80_000) / 1_000],
  [words('longitude|lng|lon'), ({ random }) => random.integer(-180_000, 180_000) / 1_000],
  [words('percent|percentage|ratio|score|probability|confidence|progress|discount'), part],
  [words('price|amount|cost|balance|fee|total|subtotal|tax|salary|revenue'), money],
  [words('year'), ({ random }) => random.integer(1990, 2026)],
  [words('month'), ({ random }) => random.integer(1, 12)],
  [words('day'), ({ random }) => random.integer(1, 28)],
  [words('hour'), ({ random }) => random.integer(0, 23)],
  [words('minute'), ({ random }) => random.integer(0, 59)],
  [words('nano'), ({ random }) => random.integer(0, 99) * 10_000_000],
  [/(?:^|_)(?:at|time|timestamp|date|created|updated)(?:_(?:ms|millis|s|sec|seconds))?$/, moment],
  [
    words('duration|latency|elapsed|took|delay|timeout|ttl'),
    ({ random }) => random.integer(5, 900),
  ],
  [words('second|sec'), ({ random }) => random.integer(0, 59)],
  [words('age'), ({ random }) => random.integer(18, 90)],
  [words('port'), ({ random }) => random.integer(1_024, 49_151)],
  [words('rating|stars|priority|level'), ({ random }) => random.integer(1, 5)],
  [words('status_code|http_status'), () => 200],
  [words('version|revision|attempt|retrie|page'), ({ random }) => random.integer(1, 9)],
  [words('count|quantity|number_of|num|items|orders'), ({ random }) => random.integer(1, 20)],
  [words('limit|page_size|batch'), ({ random }) => random.pick([10, 20, 50, 100])],
  [words('size|length|bytes'), ({ random }) => random.integer(100, 100_000)],
  [words('width|height|x|y'), ({ random }) => random.integer(1, 1_920)],
  [words('temperature|celsius'), ({ random }) => random.integer(-100, 350) / 10],
  [words('weight|mass'), ({ random }) => random.integer(10, 9_000) / 100],
  [words('id|identifier'), ({ random }) => random.integer(1_000, 999_999)],
];

function words(alternatives: string): RegExp {
  return new RegExp(`(?:^|_)(?:${alternatives})s?(?:_|$)`);
}
