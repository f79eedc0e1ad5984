import type { WorkerMessage } from './messages.ts';
import type { StartWorker, WorkerProcess } from './supervisor.ts';

/** Tells a process that it is a worker, and whether the first: `first` or `other`. */
export const workerVariable = 'ZEKE_WORKER';

/** Tells it the port, whatever its command line and its configuration say. */
export const workerPortVariable = 'ZEKE_WORKER_PORT';

export interface SpawnWorkerOptions {
  /** The command line of a worker: the same as its supervisor's. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts workers that write where this process writes. They are in a process group of their own, so
 * that Ctrl-C reaches them through their supervisor only.
 */
export function spawnWorker(
  { command, environment }: SpawnWorkerOptions,
  { isFirst, onMessage, port }: StartWorker,
): WorkerProcess {
  const child = Bun.spawn([...command], {
    env: {
      ...environment,
      [workerVariable]: isFirst ? 'first' : 'other',
      ...(port === undefined ? {} : { [workerPortVariable]: String(port) }),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
    ipc: (message) => onMessage(message as WorkerMessage),
  });
  return {
    pid: child.pid,
    exited: child.exited,
    send(message) {
      // It may have ended just now, which `exited` tells.
      if (child.exitCode === null) child.send(message);
    },
    kill: () => child.kill('SIGKILL'),
  };
}
