import { RpcError } from '@zeke/rpc';
import type { DaemonFlags, StopFlags } from '../commands/daemon.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { daemonHealth, startDaemonProcess, stopDaemonProcess } from '../daemon-process.ts';

/** `zeke daemon start` */
export async function startDaemon(context: Context, flags: DaemonFlags): Promise<void> {
  const { config } = await readConfig(loadOptions(context, flags));
  const how = await startDaemonProcess(context, flags, config);
  const health = await daemonHealth(config.home);
  const process = health === undefined ? '' : ` (process ${health.pid})`;
  context.output.line(how === 'started' ? `started${process}` : `it runs already${process}`);
}

/** `zeke daemon stop` */
export async function stopDaemon(context: Context, flags: StopFlags): Promise<void> {
  const { config } = await readConfig(loadOptions(context, flags));
  const { signal } = context.interrupts;
  const stopped = await stopDaemonProcess(config, { force: flags.force ?? false, signal });
  context.output.line(stopped ? 'stopped' : 'it does not run');
}

/** `zeke daemon restart` */
export async function restartDaemon(context: Context, flags: DaemonFlags): Promise<void> {
  await stopDaemon(context, flags);
  await startDaemon(context, flags);
}

/** `zeke daemon status`. Throws `unavailable` where it does not run. */
export async function daemonStatus(context: Context, flags: DaemonFlags): Promise<void> {
  const { output } = context;
  const { config } = await readConfig(loadOptions(context, flags));
  const health = await daemonHealth(config.home);
  if (flags.json) {
    output.json(health === undefined ? { running: false } : { running: true, ...health });
    return;
  }
  if (health === undefined) {
    throw new RpcError('unavailable', 'the daemon does not run: zeke daemon start starts it');
  }
  const { pid, projects, runs, status, uptimeMs, version } = health;
  const { bold, dim } = output.styles;
  output.line(`${bold(status)}  version ${version}, process ${pid}, up ${duration(uptimeMs)}`);
  output.line(`runs      ${runs}`);
  output.line(
    `projects  ${projects.length === 0 ? dim('none open') : projects.join('\n          ')}`,
  );
  output.line(`log       ${config.daemon.logFile}`);
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1_000)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 1) return `${minutes} min`;
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
