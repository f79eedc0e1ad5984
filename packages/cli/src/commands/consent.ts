import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface ConsentFlags {
  readonly json?: boolean;
  readonly config?: string;
}

export interface AllowFlags extends ConsentFlags {
  readonly for: 'once' | 'session' | 'project';
}

/** `zeke consent {list,allow,deny}` */
export function addConsent(program: Command, context: Context): void {
  const consent = program.command('consent').description('requests that need your word first');
  withConfig(withJson(consent.command('list').description('what waits for consent')))
    .addHelpText('after', examples('zeke consent list', 'zeke consent list --json'))
    .action(async (flags: ConsentFlags) => {
      const { listConsents } = await import('../actions/consent.ts');
      await listConsents(context, flags);
    });
  withConfig(withJson(consent.command('allow').description('allow what a request was refused for')))
    .argument('<id>', 'as the request was told it')
    .addOption(
      new Option('--for <extent>', 'for one request, or for all of its session or project')
        .choices(['once', 'session', 'project'])
        .default('once'),
    )
    .addHelpText(
      'after',
      examples('zeke consent allow consent_Zm9v', 'zeke consent allow consent_Zm9v --for project'),
    )
    .action(async (id: string, flags: AllowFlags) => {
      const { allowConsent } = await import('../actions/consent.ts');
      await allowConsent(context, id, flags);
    });
  withConfig(withJson(consent.command('deny').description('refuse it, for an hour')))
    .argument('<id>', 'as the request was told it')
    .addHelpText('after', examples('zeke consent deny consent_Zm9v'))
    .action(async (id: string, flags: ConsentFlags) => {
      const { denyConsent } = await import('../actions/consent.ts');
      await denyConsent(context, id, flags);
    });
}
