import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface SessionFlags {
  readonly config?: string;
  readonly json?: boolean;
}

export interface ListFlags extends SessionFlags {
  readonly all?: boolean;
  readonly limit: string;
}

export interface ForkFlags extends SessionFlags {
  readonly at?: string;
}

export interface RevertFlags extends SessionFlags {
  readonly keepFiles?: boolean;
  readonly force?: boolean;
}

export interface ExportFlags extends SessionFlags {
  readonly format: string;
}

/** `zeke sessions {list,show,attach,fork,revert,export,delete}` */
export function addSessions(program: Command, context: Context, setExitCode: SetExitCode): void {
  const sessions = program.command('sessions').description('what was said and done, kept');
  const shared = (command: Command) => withConfig(withJson(command));
  shared(sessions.command('list', { isDefault: true }).description('the last used first'))
    .option('-a, --all', 'of all projects')
    .option('-n, --limit <count>', 'how many', '20')
    .addHelpText('after', examples('zeke sessions', 'zeke sessions list --all --json'))
    .action(async (flags: ListFlags) => {
      const { listSessions } = await import('../actions/sessions.ts');
      await listSessions(context, flags);
    });
  shared(sessions.command('show').description('what was said in it'))
    .argument('[session]', 'its id or how that begins; else the last one of this project')
    .addHelpText('after', examples('zeke sessions show', 'zeke sessions show 0193f'))
    .action(async (id: string | undefined, flags: SessionFlags) => {
      const { showSession } = await import('../actions/sessions.ts');
      await showSession(context, id ?? '', flags);
    });
  shared(sessions.command('attach').description('follow one that works'))
    .argument('[session]', 'else the last one of this project')
    .addHelpText('after', examples('zeke sessions attach'))
    .action(async (id: string | undefined, flags: SessionFlags) => {
      const { attachSession } = await import('../actions/sessions.ts');
      await attachSession(context, id ?? '', flags, setExitCode);
    });
  shared(sessions.command('fork').description('a new one with the same past'))
    .argument('<session>')
    .option('--at <message>', 'the last message that is taken over, as zeke sessions show names it')
    .addHelpText('after', examples('zeke sessions fork 0193f', 'zeke sessions fork 0193f --at 12'))
    .action(async (id: string, flags: ForkFlags) => {
      const { forkSession } = await import('../actions/sessions.ts');
      await forkSession(context, id, flags);
    });
  shared(sessions.command('revert').description('take back what came after a message, files too'))
    .argument('<session>')
    .argument('<message>', 'as zeke sessions show names it')
    .option('--keep-files', 'the conversation only')
    .option('--force', 'also files that somebody else changed since')
    .addHelpText('after', examples('zeke sessions revert 0193f 12'))
    .action(async (id: string, message: string, flags: RevertFlags) => {
      const { revertSession } = await import('../actions/sessions.ts');
      await revertSession(context, id, message, flags);
    });
  withConfig(sessions.command('export').description('all of it, as a text'))
    .argument('[session]', 'else the last one of this project')
    .addOption(
      new Option('--format <format>', 'how').choices(['markdown', 'json']).default('markdown'),
    )
    .addHelpText('after', examples('zeke sessions export > session.md'))
    .action(async (id: string | undefined, flags: ExportFlags) => {
      const { exportSession } = await import('../actions/sessions.ts');
      await exportSession(context, id ?? '', flags);
    });
  withConfig(sessions.command('delete').description('forget it, and those of its subagents'))
    .argument('<session>')
    .addHelpText('after', examples('zeke sessions delete 0193f'))
    .action(async (id: string, flags: SessionFlags) => {
      const { deleteSession } = await import('../actions/sessions.ts');
      await deleteSession(context, id, flags);
    });
}
