import { type Command, Option } from 'commander';
import type { Language } from '../../generator/generate.ts';
import type { Context } from '../context.ts';
import { examples, gather } from '../flags.ts';

export interface GenFlags {
  readonly lang: Exclude<Language, 'plugin'>;
  readonly out?: string;
  readonly importPath?: readonly string[];
  readonly descriptorSetIn?: string;
  readonly descriptorSetOut?: string;
  readonly check?: boolean;
  /** A plugin of protoc. */
  readonly plugin?: string;
  readonly pluginOpt?: readonly string[];
  readonly goModule?: string;
  readonly runtimeModule?: string;
  readonly importExtension?: '.ts' | '.js' | 'none';
}

/** They stand here too, so that the help need not load the generators. */
const languages: Readonly<Record<Exclude<Language, 'plugin'>, true>> = {
  typescript: true,
  python: true,
  go: true,
  zig: true,
};

/** `zrpc gen` */
export function addGen(program: Command, context: Context): void {
  const { name } = context;
  program
    .command('gen')
    .description('generate code from .proto files or a set of descriptors')
    .argument('[files...]')
    .usage('[file or folder...] [options]')
    .addOption(
      new Option('--lang <name>', 'the language')
        .choices(Object.keys(languages))
        .default('typescript'),
    )
    .option('-o, --out <folder>', 'where the code goes')
    .addOption(
      new Option(
        '-I, --import-path <folder>',
        'where imports are, and names of files begin; may stand often',
      ).argParser(gather),
    )
    .option('--descriptor-set-in <file>', 'a FileDescriptorSet instead of .proto files')
    .option(
      '--descriptor-set-out <file>',
      'write the FileDescriptorSet, imports and comments included',
    )
    .option(
      '--check',
      'write nothing; fail for files that are not as they would be, or whose .proto is gone',
    )
    .optionsGroup('Plugins of protoc (in place of --lang):')
    .option('--plugin <program>', 'such as protoc-gen-go, in PATH or with its path')
    .addOption(
      new Option('--plugin-opt <text>', 'what it is told; may stand often').argParser(gather),
    )
    .optionsGroup('Go:')
    .option('--go-module <path>', 'import path of the output, for files without go_package')
    .optionsGroup('TypeScript:')
    .option('--runtime-module <name>', 'where the code imports from; @zeke/rpc')
    .addOption(
      new Option(
        '--import-extension <ending>',
        'of imports among the generated files; .ts',
      ).choices(['.ts', '.js', 'none']),
    )
    .addHelpText(
      'after',
      examples(
        `${name} gen proto --out src/gen                      all .proto files of a folder`,
        `${name} gen shop.proto -I proto --out src/gen`,
        `${name} gen proto --out src/gen --check              for CI`,
        `${name} gen proto --out gen --plugin protoc-gen-go --plugin-opt paths=source_relative`,
        `${name} gen proto --descriptor-set-out shop.binpb    no code`,
      ),
    )
    .action(async (inputs: string[], flags: GenFlags) => {
      const { gen } = await import('../actions/gen.ts');
      await gen(context, inputs, flags);
    });
}
