import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface DaemonFlags {
  readonly config?: string;
  readonly json?: boolean;
}

export interface StopFlags extends DaemonFlags {
  readonly force?: boolean;
}

export interface LogsFlags extends DaemonFlags {
  readonly follow?: boolean;
  readonly lines: string;
}

/** `zeke daemon {start,stop,restart,status,logs}` */
export function addDaemon(program: Command, context: Context): void {
  const daemon = program
    .command('daemon')
    .description('the process in the background that assists: it starts by itself when needed');
  withConfig(daemon.command('start').description('start it, unless it runs'))
    .addHelpText('after', examples('zeke daemon start'))
    .action(async (flags: DaemonFlags) => {
      const { startDaemon } = await import('../actions/daemon.ts');
      await startDaemon(context, flags);
    });
  withConfig(daemon.command('stop').description('end it; what runs may come to its end'))
    .option('--force', 'at once')
    .addHelpText('after', examples('zeke daemon stop', 'zeke daemon stop --force'))
    .action(async (flags: StopFlags) => {
      const { stopDaemon } = await import('../actions/daemon.ts');
      await stopDaemon(context, flags);
    });
  withConfig(daemon.command('restart').description('end it and start it again'))
    .addHelpText('after', examples('zeke daemon restart'))
    .action(async (flags: DaemonFlags) => {
      const { restartDaemon } = await import('../actions/daemon.ts');
      await restartDaemon(context, flags);
    });
  withConfig(withJson(daemon.command('status').description('whether it runs, and what it does')))
    .addHelpText('after', examples('zeke daemon status', 'zeke daemon status --json'))
    .action(async (flags: DaemonFlags) => {
      const { daemonStatus } = await import('../actions/daemon.ts');
      await daemonStatus(context, flags);
    });
  withConfig(withJson(daemon.command('logs').description('the end of its log')))
    .option('-f, --follow', 'go on with what comes')
    .option('-n, --lines <count>', 'how many lines', '50')
    .addHelpText('after', examples('zeke daemon logs -n 100', 'zeke daemon logs -f'))
    .action(async (flags: LogsFlags) => {
      const { daemonLogs } = await import('../actions/daemon-logs.ts');
      await daemonLogs(context, flags);
    });
  withConfig(daemon.command('run', { hidden: true })).action(async (flags: DaemonFlags) => {
    const { runInBackground } = await import('../actions/daemon-run.ts');
    await runInBackground(context, flags);
  });
}
