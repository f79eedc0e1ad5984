import { codeNumber } from '../../core/status.ts';
import { formatMicroseconds } from '../duration.ts';
import type { Output } from '../output.ts';
import { printable } from '../printable.ts';
import type { LatencyHistogram } from './latency-histogram.ts';
import type { BenchLoop, BenchRun } from './run-bench.ts';

/** A run, and what it was. */
export interface BenchReport {
  readonly run: BenchRun;
  readonly loop: BenchLoop;
  /** `shop.Orders/Get` */
  readonly method: string;
  readonly target: string;
  /** Undefined where HTTP makes as many as it needs. */
  readonly connections: number | undefined;
  /** Of one core, while it ran: 1 is all of it. */
  readonly cpuShare: number;
}

const shares = { p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99, 'p99.9': 0.999 } as const;

/** The report for programs; times are in microseconds, null where nothing was measured. */
export function benchJson(report: BenchReport): Record<string, unknown> {
  const { run, loop, method, target, connections, cpuShare } = report;
  const { results, measuredMs, endedOk } = run;
  return {
    method,
    target,
    loop,
    connections: connections ?? null,
    measuredMs: Math.round(measuredMs),
    perSecond: rounded(perSecond(run)),
    calls: {
      ok: results.ok,
      failed: results.failedCount,
      unfinished: results.unfinished,
      unsent: results.unsent,
      endedOk,
    },
    latencyUs: histogramJson(results.latency),
    firstMessageUs: histogramJson(results.firstMessage),
    roundTripUs: histogramJson(results.roundTrip),
    latenessUs: loop.kind === 'open' ? histogramJson(results.lateness) : null,
    messages: { sent: results.messagesSent, received: results.messagesReceived },
    bytes: { sent: results.bytesSent, received: results.bytesReceived },
    failures: results.failures.map(({ code, count, message }) => ({
      code,
      number: codeNumber(code),
      count,
      message,
    })),
    generatorCpuShare: rounded(cpuShare),
  };
}

/** The report for people. */
export function printBench(report: BenchReport, output: Output): void {
  const { run, method, target } = report;
  const { results, measuredMs } = run;
  const { bold, dim, red } = output.styles;
  output.line(`${bold(printable(method))} at ${printable(target)}, ${loopText(report)}`);
  output.line();
  const failed = `${results.failedCount} failed`;
  const counts = [
    `${results.ok} ok`,
    results.failedCount === 0 ? failed : red(failed),
    ...(results.unfinished === 0 ? [] : [red(`${results.unfinished} unfinished`)]),
    ...(results.unsent === 0 ? [] : [red(`${results.unsent} due and not begun`)]),
  ];
  output.line(`calls      ${counts.join(', ')} in ${formatMicroseconds(measuredMs * 1_000)}`);
  output.line(`rate       ${count(perSecond(run))} calls/s ended well`);
  output.line(`messages   ${traffic(results.messagesSent, results.bytesSent, 'sent')}`);
  output.line(`           ${traffic(results.messagesReceived, results.bytesReceived, 'received')}`);
  output.line(`generator  ${Math.round(report.cpuShare * 100)} % of a core`);
  output.line();
  const rows = histograms(report).map(([name, histogram]) => [name, ...cellsOf(histogram)]);
  const head = ['', 'mean', ...Object.keys(shares), 'max'];
  output.table(
    head,
    rows,
    head.map((_, column) => column).filter((column) => column > 0),
  );
  for (const { code, count: times, message } of results.failures) {
    output.line(`${red(`${code} (${codeNumber(code)})`)} ${times} times: ${printable(message)}`);
  }
  for (const doubt of doubts(report)) output.line(dim(doubt));
}

function loopText({ loop, connections }: BenchReport): string {
  const text =
    loop.kind === 'open'
      ? `open loop, ${count(loop.perSecond)} calls/s`
      : `closed loop, ${loop.concurrency} at once`;
  if (connections === undefined) return text;
  return `${text} over ${connections === 1 ? 'one connection' : `${connections} connections`}`;
}

function histograms({ run: { results }, loop }: BenchReport): [string, LatencyHistogram][] {
  const all: [string, LatencyHistogram][] = [
    ['latency', results.latency],
    ['first message', results.firstMessage],
    ['round trip', results.roundTrip],
  ];
  if (loop.kind === 'open') all.push(['lateness', results.lateness]);
  return all.filter(([name, histogram]) => name === 'latency' || histogram.count > 0);
}

/** Why the figures may be this side's rather than the server's. */
function doubts({ run: { results }, loop, cpuShare }: BenchReport): string[] {
  const texts: string[] = [];
  const late = results.lateness.quantileMs(0.99);
  if (loop.kind === 'open' && late > Math.max(1, results.latency.quantileMs(0.5) / 2)) {
    texts.push('This side began many calls late: give it a core of its own, or lower the rate.');
  }
  if (cpuShare > 0.9) {
    texts.push('This side was busy all the time: the server may be faster than that.');
  }
  return texts;
}

function cellsOf(histogram: LatencyHistogram): string[] {
  const quantiles = Object.values(shares).map((share) => histogram.quantileMs(share));
  return [histogram.meanMs, ...quantiles, histogram.maxMs].map((ms) =>
    formatMicroseconds(ms * 1_000),
  );
}

function histogramJson(histogram: LatencyHistogram): Record<string, number> | null {
  if (histogram.count === 0) return null;
  const quantiles = Object.entries(shares).map(([name, share]) => [
    name,
    rounded(histogram.quantileMs(share) * 1_000),
  ]);
  return {
    count: histogram.count,
    min: rounded(histogram.minMs * 1_000),
    mean: rounded(histogram.meanMs * 1_000),
    ...Object.fromEntries(quantiles),
    max: rounded(histogram.maxMs * 1_000),
  };
}

function perSecond({ endedOk, measuredMs }: BenchRun): number {
  return measuredMs === 0 ? 0 : (endedOk * 1_000) / measuredMs;
}

function traffic(messages: number, bytes: number, how: string): string {
  return `${count(messages)} ${how}, ${count(bytes / 1_024)} KiB`;
}

function count(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
