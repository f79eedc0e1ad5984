import { readdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type GenerateOptions, generate } from '../../generator/generate.ts';
import { RpcError } from '../../rpc-error.ts';
import { compileProtos } from '../../schema/compile-protos.ts';
import { descriptorSetOf, encodeDescriptorSet } from '../../schema/descriptor-set.ts';
import { formatProblem, type SchemaProblem } from '../../schema/schema-problem.ts';
import type { GenFlags } from '../commands/gen.ts';
import type { Context } from '../context.ts';
import { fileFault } from '../file-fault.ts';
import { importPathsOf } from '../schema/file-schema.ts';

/**
 * Writes code, or the set of descriptors alone.
 * @throws RpcError invalid_argument for sources with faults, with their lines and columns;
 *   failed_precondition under `--check` for files that are not up to date.
 */
export async function gen(
  context: Context,
  inputs: readonly string[],
  flags: GenFlags,
): Promise<void> {
  const { output } = context;
  const { descriptorSetIn, descriptorSetOut, out } = flags;
  if (descriptorSetIn === undefined && inputs.length === 0) {
    throw wrong('there is nothing to generate from: name .proto files, or a folder of them');
  }
  if (descriptorSetIn !== undefined && inputs.length > 0) {
    throw wrong('--descriptor-set-in stands instead of files: leave one of them out');
  }
  const sources = inputs.flatMap(filesIn);
  const folders = inputs.filter(isFolder);
  const single = inputs.filter((input) => !folders.includes(input));
  // What stands in a folder is imported from there on.
  const importPaths = flags.importPath ?? [...folders, ...importPathsOf(single)];
  if (out === undefined) {
    if (descriptorSetOut === undefined || descriptorSetIn !== undefined) {
      throw wrong('say where the code goes, such as --out gen');
    }
    await writeSet(context, sources, importPaths, descriptorSetOut);
    return;
  }
  const { files, warnings } = generate({
    inputs: descriptorSetIn === undefined ? sources : [descriptorSetIn],
    importPaths,
    ...generatorOf(flags),
    out,
    ...(descriptorSetOut === undefined ? {} : { descriptorSetOut }),
    check: flags.check ?? false,
  });
  warn(context, warnings);
  const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
  output.note(flags.check ? `${count} in ${out} as generated` : `${count} written to ${out}`);
}

async function writeSet(
  context: Context,
  files: readonly string[],
  importPaths: readonly string[],
  path: string,
): Promise<void> {
  const compiled = compileProtos({ files, importPaths });
  warn(context, compiled.warnings);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, encodeDescriptorSet(descriptorSetOf(compiled)));
  } catch (cause) {
    throw fileFault(path, cause);
  }
  context.output.note(`${compiled.files.length} files described in ${path}`);
}

/** The `.proto` files of a folder, at any depth; a file itself. */
function filesIn(path: string): string[] {
  if (!isFolder(path)) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  const protos = names.filter((name) => name.endsWith('.proto')).sort();
  if (protos.length === 0) throw wrong(`${path} has no .proto file in it`);
  return protos.map((name) => join(path, name));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function generatorOf(
  flags: GenFlags,
): Pick<GenerateOptions, 'lang' | 'go' | 'plugin' | 'typescript'> {
  const { lang, plugin: program, pluginOpt, goModule, runtimeModule, importExtension } = flags;
  if (program === undefined) {
    if (pluginOpt !== undefined) throw wrong('--plugin-opt is for --plugin, which is not given');
    return {
      lang,
      ...(goModule === undefined ? {} : { go: { module: goModule } }),
      typescript: {
        ...(runtimeModule === undefined ? {} : { runtimeModule }),
        ...(importExtension === undefined
          ? {}
          : { importExtension: importExtension === 'none' ? '' : importExtension }),
      },
    };
  }
  const parameter = pluginOpt?.join(',');
  return {
    lang: 'plugin',
    plugin: { program, ...(parameter === undefined ? {} : { parameter }) },
  };
}

function warn({ output }: Context, warnings: readonly SchemaProblem[]): void {
  const { yellow } = output.noteStyles;
  for (const warning of warnings) output.note(`${yellow('warning:')} ${formatProblem(warning)}`);
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
