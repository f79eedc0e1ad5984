import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { examples, list, withConfig, withJson } from '../flags.ts';

export interface ProvidersFlags {
  readonly json?: boolean;
  readonly config?: string;
}

export interface AddProviderFlags extends ProvidersFlags {
  readonly name?: string;
  readonly baseUrl?: string;
  readonly keyEnv?: string;
  readonly keyStdin?: boolean;
  readonly set?: readonly string[];
  readonly models?: readonly string[];
}

/** `zeke providers {list,add,test,remove}` */
export function addProviders(program: Command, context: Context, setExitCode: SetExitCode): void {
  const providers = program
    .command('providers')
    .description('list, add, test and remove providers');
  withConfig(
    withJson(providers.command('list').description('list providers, and where they come from')),
  )
    .addHelpText('after', examples('zeke providers list', 'zeke providers list --json'))
    .action(async (flags: ProvidersFlags) => {
      const { listProviders } = await import('../actions/providers.ts');
      await listProviders(context, flags);
    });
  addAdd(providers, context);
  withConfig(
    withJson(
      providers.command('test [name]').description('ask one provider, or all, for its models'),
    ),
  )
    .addHelpText('after', examples('zeke providers test', 'zeke providers test openai'))
    .action(async (name: string | undefined, flags: ProvidersFlags) => {
      const { testProviders } = await import('../actions/providers.ts');
      setExitCode(await testProviders(context, name, flags));
    });
  withConfig(
    withJson(providers.command('remove <name>').description('take a provider out of zeke.toml')),
  )
    .addHelpText('after', examples('zeke providers remove openai'))
    .action(async (name: string, flags: ProvidersFlags) => {
      const { removeProvider } = await import('../actions/edit-providers.ts');
      await removeProvider(context, name, flags);
    });
}

function addAdd(providers: Command, context: Context): void {
  withConfig(
    withJson(
      providers
        .command('add [type]')
        .description('write a provider into zeke.toml; its key goes into the secrets'),
    ),
  )
    .option('--name <name>', 'its name in provider/model; default: its type')
    .option('--base-url <url>', 'its address, where it is not the usual one')
    .addOption(new Option('--key-env <name>', 'take the key from this variable, at every start'))
    .addOption(new Option('--key-stdin', 'read the key from standard input').conflicts('keyEnv'))
    .addOption(new Option('--models <names>', 'offer these models only').argParser(list))
    .addOption(
      new Option(
        '--set <key=value>',
        'another key of its table, such as region=eu-west-1; may stand often',
      ).argParser((value: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        value,
      ]),
    )
    .addHelpText(
      'after',
      `${examples(
        'zeke providers add                                    asks for everything',
        'zeke providers add openai --key-env OPENAI_API_KEY',
        'pass show groq | zeke providers add compatible --name groq --base-url https://api.groq.com/openai/v1 --key-stdin',
        'zeke providers add bedrock --set region=eu-west-1',
      )}\n\nA key is never an argument: other users of the machine can read those.`,
    )
    .action(async (type: string | undefined, flags: AddProviderFlags) => {
      const { addProvider } = await import('../actions/edit-providers.ts');
      await addProvider(context, type, flags);
    });
}
