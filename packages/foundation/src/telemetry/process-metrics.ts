import Counter from 'prom-client/lib/counter.js';
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js';
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import processStartTime from 'prom-client/lib/metrics/processStartTime.js';
import type Registry from 'prom-client/lib/registry.js';
import { addEventLoopLag } from './event-loop-lag.ts';

/**
 * Adds the metrics of a process that mean something under Bun: processor, memory, files, start,
 * event loop and heap. The library's own collection loads twice as long, for what is about V8 or has
 * no values here; its processor metrics leave out what was used before they were made.
 * https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
 */
export function collectProcessMetrics(registry: Registry): void {
  addCpu(registry, 'process_cpu_user_seconds_total', 'user', ({ user }) => user);
  addCpu(registry, 'process_cpu_system_seconds_total', 'system', ({ system }) => system);
  addCpu(
    registry,
    'process_cpu_seconds_total',
    'user and system',
    ({ user, system }) => user + system,
  );
  processStartTime(registry);
  osMemoryHeap(registry);
  processOpenFileDescriptors(registry);
  processMaxFileDescriptors(registry);
  addEventLoopLag(registry);
  heapSizeAndUsed(registry);
}

function addCpu(
  registry: Registry,
  name: string,
  kind: string,
  microseconds: (usage: NodeJS.CpuUsage) => number,
): void {
  new Counter({
    name,
    help: `Total ${kind} CPU time spent in seconds.`,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(microseconds(process.cpuUsage()) / 1_000_000);
    },
  });
}
