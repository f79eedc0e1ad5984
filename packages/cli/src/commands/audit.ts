import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface AuditFlags {
  readonly since?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly limit?: string;
  readonly head?: string;
  readonly json?: boolean;
  readonly config?: string;
}

/** `zeke audit {list,export,verify}` */
export function addAudit(program: Command, context: Context, setExitCode: SetExitCode): void {
  const audit = program.command('audit').description('who changed what, when and from where');
  chosen(withJson(audit.command('list').description('the latest entries, the newest first')))
    .addOption(new Option('--limit <number>', 'entries, at most 1000').default(undefined, '50'))
    .addHelpText(
      'after',
      examples(
        'zeke audit list',
        'zeke audit list --since 7d --action key.create',
        'zeke audit list --actor admin-key --json',
      ),
    )
    .action(async (flags: AuditFlags) => {
      const { listAudit } = await import('../actions/audit.ts');
      await listAudit(context, flags);
    });
  chosen(audit.command('export').description('all entries as JSON lines, the oldest first'))
    .addHelpText(
      'after',
      examples('zeke audit export > audit.jsonl', 'zeke audit export --since 1d'),
    )
    .action(async (flags: AuditFlags) => {
      const { exportAudit } = await import('../actions/audit.ts');
      await exportAudit(context, flags);
    });
  withConfig(withJson(audit.command('verify').description('check that nothing was changed since')))
    .option('--head <hash>', 'a hash that an earlier check printed: also tells what the end lacks')
    .addHelpText('after', examples('zeke audit verify', 'zeke audit verify --head 4f0c…'))
    .action(async (flags: AuditFlags) => {
      const { verifyAudit } = await import('../actions/audit.ts');
      await verifyAudit(context, flags, setExitCode);
    });
}

function chosen(command: Command): Command {
  return withConfig(command)
    .option('--since <when>', 'from this time on: 7d, 12h, or a date such as 2026-11-01 (UTC)')
    .option('--actor <who>', "a key's id, an owner, or key, admin-key, local, unknown, zeke")
    .option('--action <name>', 'such as key.create, budget.set, auth.failure');
}
