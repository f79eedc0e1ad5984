import { availableParallelism } from 'node:os';
import {
  processChannel,
  type Supervised,
  supervise,
  WorkerLink,
  workerPortVariable,
  workerVariable,
} from '@zeke/daemon';
import type { ResolvedConfig } from '@zeke/foundation';
import type { Context } from '../context.ts';
import { ownCommand } from '../own-command.ts';

/** How many processes the configuration asks for. */
export function workerCount({ server: { workers } }: ResolvedConfig): number {
  return workers === 'auto' ? availableParallelism() : workers;
}

/** Starts this same command line as often as it says. */
export async function startWorkers(
  { environment }: Context,
  config: ResolvedConfig,
): Promise<Supervised> {
  const command = [...ownCommand(), ...process.argv.slice(2)];
  const count = workerCount(config);
  return await supervise({ command, config, count, environment });
}

/** Undefined where this process is none of several. */
export function workerLink(
  { environment, interrupts }: Context,
  reload: () => void,
): { readonly isFirst: boolean; readonly link: WorkerLink } | undefined {
  const role = environment[workerVariable];
  if (role === undefined) return undefined;
  const link = new WorkerLink(processChannel(), {
    reload,
    stop: () => void interrupts.interrupt(),
  });
  return { isFirst: role === 'first', link };
}

/** The port that all share, which stands over all other that is said of it. */
export function workerPort({ environment }: Context): { readonly port?: string } {
  const port = environment[workerPortVariable];
  return port === undefined ? {} : { port };
}
