import { closeSync, fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { runDaemon } from '@zeke/daemon';
import { RpcError } from '@zeke/rpc';
import type { DaemonFlags } from '../commands/daemon.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { readyDescriptor } from '../daemon-process.ts';

/** Its log is begun anew above so many bytes. */
const maxLogBytes = 50 * 1024 * 1024;
const logLookMs = 10 * 60_000;
/** It rests most of the time; what it is told of it sees sooner. */
const configLookMs = 5_000;
const standardError = 2;

/**
 * What `zeke daemon start` starts: the same as `zeke up`, with a log in place of a greeting. Throws
 * `failed_precondition` where another one has the socket.
 */
export async function runInBackground(context: Context, flags: DaemonFlags): Promise<void> {
  const { interrupts } = context;
  const load = loadOptions(context, flags);
  const { config, sources } = await readConfig(load);
  const daemon = await runDaemon({
    config,
    environment: context.environment,
    watch: { ...load, sources, followsEvents: true, intervalMs: configLookMs },
    isBackground: true,
  });
  try {
    if (daemon.rpc?.socket === undefined) {
      throw new RpcError('failed_precondition', 'another zeke of this user runs already');
    }
    tellReady();
    interrupts.onHangUp(() => void daemon.reload());
    const look = setInterval(limitLog, logLookMs);
    await new Promise<void>((resolve) => {
      interrupts.signal.addEventListener('abort', () => resolve(), { once: true });
      if (interrupts.signal.aborted) resolve();
    });
    clearInterval(look);
  } finally {
    await daemon.stop();
  }
}

/** Nobody may wait there: then it was started by hand. */
function tellReady(): void {
  try {
    writeSync(readyDescriptor, 'ready\n');
    closeSync(readyDescriptor);
  } catch {
    // There is no such descriptor.
  }
}

/** The log is appended to, so what follows is written at the new end. */
function limitLog(): void {
  const found = fstatSync(standardError);
  if (found.isFile() && found.size > maxLogBytes) ftruncateSync(standardError, 0);
}
