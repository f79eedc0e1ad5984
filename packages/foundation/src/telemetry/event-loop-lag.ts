import { monitorEventLoopDelay } from 'node:perf_hooks';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';

/** How often the event loop is looked at, each time by a timer that wakes the process. */
const resolutionMs = 250;
/** It is looked at for so long after the metrics were asked for, in milliseconds. */
const watchedMs = 5 * 60_000;

const gauges: readonly [
  name: string,
  help: string,
  valueNs: (histogram: ReturnType<typeof monitorEventLoopDelay>) => number,
][] = [
  ['min', 'The minimum recorded event loop delay.', ({ min }) => min],
  ['max', 'The maximum recorded event loop delay.', ({ max }) => max],
  ['mean', 'The mean of the recorded event loop delays.', ({ mean }) => mean],
  ['stddev', 'The standard deviation of the recorded event loop delays.', ({ stddev }) => stddev],
  ['p50', 'The 50th percentile of the recorded event loop delays.', (all) => all.percentile(50)],
  ['p90', 'The 90th percentile of the recorded event loop delays.', (all) => all.percentile(90)],
  ['p99', 'The 99th percentile of the recorded event loop delays.', (all) => all.percentile(99)],
];

/**
 * How late the event loop is, since the metrics were asked for the last time. Before that nobody looks, nor
 * once nobody has asked for five minutes: to look wakes a process that has nothing else to do. Names and
 * texts are those of prom-client, whose own never stops.
 */
export function addEventLoopLag(registry: Registry): void {
  const registers = [registry];
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  let ending: ReturnType<typeof setTimeout> | undefined;
  // The first is collected first, and sets the others.
  const now = new Gauge({
    name: 'nodejs_eventloop_lag_seconds',
    help: 'Lag of event loop in seconds.',
    registers,
    collect() {
      const startedAt = performance.now();
      setImmediate(() => now.set((performance.now() - startedAt) / 1_000));
      if (histogram.count > 0) {
        for (const { gauge, valueNs } of delays) gauge.set(valueNs(histogram) / 1e9);
      }
      histogram.reset();
      histogram.enable();
      clearTimeout(ending);
      ending = setTimeout(() => histogram.disable(), watchedMs);
      ending.unref();
    },
  });
  const delays = gauges.map(([name, help, valueNs]) => ({
    gauge: new Gauge({ name: `nodejs_eventloop_lag_${name}_seconds`, help, registers }),
    valueNs,
  }));
}
