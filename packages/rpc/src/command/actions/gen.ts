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
import { type NamedFile, placeFiles } from '../schema/place-files.ts';

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
  const { files: sources, importPaths } = placeFiles(
    inputs.flatMap(filesIn),
    flags.importPath ?? [],
  );
  if (out === undefined) {
    if (descriptorSetOut === undefined || descriptorSetIn !== undefined) {
      throw wrong('say where the code goes, such as --out gen');
    }
    await writeSet(context, sources, importPaths, descriptorSetOut);
    return;
  }
  const { files, warnings, stale } = generate({
    inputs: descriptorSetIn === undefined ? sources : [descriptorSetIn],
    importPaths,
    ...generatorOf(flags),
    out,
    ...(descriptorSetOut === undefined ? {} : { descriptorSetOut }),
    check: flags.check ?? false,
  });
  warn(context, warnings);
  for (const { path, source } of stale)
    tell(context, `${path} was generated from ${source}, which makes it no more: delete it`);
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
function filesIn(path: string): NamedFile[] {
  if (!isFolder(path)) return [{ path }];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  const protos = names.filter((name) => name.endsWith('.proto')).sort();
  if (protos.length === 0) throw wrong(`${path} has no .proto file in it`);
  return protos.map((name) => ({ path: join(path, name), folder: path }));
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

function warn(context: Context, warnings: readonly SchemaProblem[]): void {
  for (const warning of warnings) tell(context, formatProblem(warning));
}

function tell({ output }: Context, warning: string): void {
  output.note(`${output.noteStyles.yellow('warning:')} ${warning}`);
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
