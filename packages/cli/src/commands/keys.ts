import { Argument, type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { examples, list, withConfig, withJson } from '../flags.ts';

export interface KeysFlags {
  readonly json?: boolean;
  readonly config?: string;
}

export interface CreateKeyFlags extends KeysFlags {
  readonly owner?: string;
  readonly scope?: readonly string[];
  readonly model?: readonly string[];
  readonly expires?: string;
  readonly user?: string;
  readonly team?: string;
  readonly tier?: string;
  readonly privacy?: 'any' | 'local_only';
}

export interface RotateKeyFlags extends KeysFlags {
  readonly grace?: string;
}

export interface ResetLimitsFlags extends KeysFlags {
  readonly user?: string;
  readonly team?: string;
  readonly owner?: string;
  readonly model?: string;
  readonly address?: string;
}

/** `zeke keys {create,list,tier,privacy,rotate,reset,revoke}` */
export function addKeys(program: Command, context: Context): void {
  const keys = program.command('keys').description('make, list, rotate and revoke API keys');
  withConfig(withJson(keys.command('create <name>').description('make a key; it is shown once')))
    .option('--owner <name>', 'who it belongs to')
    .addOption(
      new Option('--scope <scope>', 'what it may do: inference, admin; may stand twice').argParser(
        list,
      ),
    )
    .addOption(
      new Option(
        '--model <pattern>',
        'a model it may use, * for any text; may stand often',
      ).argParser(list),
    )
    .option('--user <user>', 'the user whose it is, by name or id')
    .option('--team <team>', "the team it counts for, in place of the user's own")
    .option('--tier <name>', 'by whose rates it is limited: free, pro, enterprise, unlimited, …')
    .addOption(
      new Option('--privacy <rule>', 'local_only: no provider elsewhere is asked').choices(
        privacies,
      ),
    )
    .option('--expires <when>', 'when it ends: 30d, 12h, or a date such as 2027-01-31')
    .addHelpText(
      'after',
      examples('zeke keys create laptop', 'zeke keys create ci --model "openai/*" --expires 30d'),
    )
    .action(async (name: string, flags: CreateKeyFlags) => {
      const { createKey } = await import('../actions/keys.ts');
      await createKey(context, name, flags);
    });
  withConfig(withJson(keys.command('list').description('list all keys, the newest first')))
    .addHelpText('after', examples('zeke keys list', "zeke keys list --json | jq '.keys[].id'"))
    .action(async (flags: KeysFlags) => {
      const { listKeys } = await import('../actions/keys.ts');
      await listKeys(context, flags);
    });
  withConfig(
    withJson(
      keys
        .command('tier <key> [tier]')
        .description(
          'give a key, by its id or name, another tier; the default one where none is named',
        ),
    ),
  )
    .addHelpText('after', examples('zeke keys tier laptop pro', 'zeke keys tier laptop'))
    .action(async (given: string, tier: string | undefined, flags: KeysFlags) => {
      const { setTier } = await import('../actions/keys.ts');
      await setTier(context, given, tier, flags);
    });
  addPrivacy(keys, context);
  addRotate(keys, context);
  addReset(keys, context);
  withConfig(
    withJson(keys.command('revoke <key>').description('end a key, at once, by its id or name')),
  )
    .addHelpText('after', examples('zeke keys revoke laptop', 'zeke keys revoke key_0193…'))
    .action(async (given: string, flags: KeysFlags) => {
      const { revokeKey } = await import('../actions/keys.ts');
      await revokeKey(context, given, flags);
    });
}

const privacies = ['any', 'local_only'];

function addPrivacy(keys: Command, context: Context): void {
  const privacy = keys
    .command('privacy <key>')
    .addArgument(new Argument('<rule>', 'any or local_only').choices(privacies))
    .description('say whether the requests of a key, by its id or name, may go elsewhere');
  withConfig(withJson(privacy))
    .addHelpText('after', examples('zeke keys privacy laptop local_only'))
    .action(async (given: string, rule: string, flags: KeysFlags) => {
      const { setPrivacy } = await import('../actions/keys.ts');
      await setPrivacy(context, given, rule, flags);
    });
}

function addRotate(keys: Command, context: Context): void {
  const rotate = keys
    .command('rotate <key>')
    .description('give a key, by its id or name, a new secret; it is shown once');
  withConfig(withJson(rotate))
    .option('--grace <time>', 'how long the secret from before works too: 24h, 30m, 7d, 0', '24h')
    .addHelpText('after', examples('zeke keys rotate laptop', 'zeke keys rotate laptop --grace 7d'))
    .action(async (given: string, flags: RotateKeyFlags) => {
      const { rotateKey } = await import('../actions/rotate-key.ts');
      await rotateKey(context, given, flags);
    });
}

function addReset(keys: Command, context: Context): void {
  const reset = keys
    .command('reset [key]')
    .description(
      'give a key, by its id or name, or another that is limited, all its requests again',
    );
  withConfig(withJson(reset))
    .option('--user <user>', 'not a key, but this user, by name or id')
    .option('--team <team>', 'not a key, but this team, by name or id')
    .option('--owner <name>', 'not a key, but this owner of limits.owners')
    .option('--model <name>', 'not a key, but this model of limits.models')
    .option('--address <address>', 'not a key, but this address; its wrong keys are forgotten, too')
    .addHelpText(
      'after',
      examples('zeke keys reset laptop', 'zeke keys reset --address 203.0.113.7'),
    )
    .action(async (given: string | undefined, flags: ResetLimitsFlags) => {
      const { resetLimits } = await import('../actions/reset-limits.ts');
      await resetLimits(context, given, flags);
    });
}
