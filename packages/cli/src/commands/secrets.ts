import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface SecretsFlags {
  readonly json?: boolean;
  readonly config?: string;
  readonly reveal?: boolean;
}

/** `zeke secrets {set,get,list,rotate,delete}` */
export function addSecrets(program: Command, context: Context): void {
  const secrets = program
    .command('secrets')
    .description('secrets that zeke keeps encrypted, for secret:NAME in the configuration');
  addReading(secrets, context);
  withConfig(
    withJson(secrets.command('set <name>').description('keep a value, asked for or piped in')),
  )
    .addHelpText('after', examples('zeke secrets set openai', 'zeke secrets set openai < key.txt'))
    .action(async (name: string, flags: SecretsFlags) => {
      const { setSecret } = await import('../actions/secrets.ts');
      await setSecret(context, name, flags);
    });
  withConfig(
    withJson(
      secrets
        .command('rotate [name]')
        .description('a new value for a secret that is there; without a name, a new master key'),
    ),
  )
    .addHelpText('after', examples('zeke secrets rotate openai', 'zeke secrets rotate'))
    .action(async (name: string | undefined, flags: SecretsFlags) => {
      const { rotateMasterKey, rotateSecret } = await import('../actions/secrets.ts');
      if (name === undefined) await rotateMasterKey(context, flags);
      else await rotateSecret(context, name, flags);
    });
  withConfig(withJson(secrets.command('delete <name>').description('forget a secret')))
    .addHelpText('after', examples('zeke secrets delete openai'))
    .action(async (name: string, flags: SecretsFlags) => {
      const { deleteSecret } = await import('../actions/secrets.ts');
      await deleteSecret(context, name, flags);
    });
}

function addReading(secrets: Command, context: Context): void {
  withJson(secrets.command('list').description('names, versions and ages, never values'))
    .addHelpText('after', examples('zeke secrets list', 'zeke secrets list --json'))
    .action(async (flags: SecretsFlags) => {
      const { listSecrets } = await import('../actions/secrets.ts');
      await listSecrets(context, flags);
    });
  withConfig(withJson(secrets.command('get <name>').description('a value, into a pipe or a file')))
    .option('--reveal', 'show the value on the terminal, too')
    .addHelpText(
      'after',
      examples('zeke secrets get openai --reveal', 'zeke secrets get openai > key.txt'),
    )
    .action(async (name: string, flags: SecretsFlags) => {
      const { getSecret } = await import('../actions/secrets.ts');
      await getSecret(context, name, flags);
    });
}
