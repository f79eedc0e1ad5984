import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import type { DescMethod } from '@bufbuild/protobuf';
import { RpcError } from '../../rpc-error.ts';
import { fileFault } from '../file-fault.ts';
import { findMethod } from '../schema/find-symbol.ts';
import type { Schema } from '../schema/schema.ts';
import type { Example, Examples } from './example.ts';
import { parseExampleFile, type RawExample } from './example-file.ts';
import { readExample } from './read-example.ts';

/** What was read, and where changes are to be looked for. */
export interface LoadedExamples {
  readonly examples: Examples;
  readonly count: number;
  /** Files that were named, and all folders within folders that were. */
  readonly watched: readonly string[];
}

/** Files of examples in all folders together. */
const maxFiles = 10_000;
const extensions = ['.json', '.yaml', '.yml'];

/**
 * The examples of files and folders, checked against the schema. In a folder all files that end in
 * `.json`, `.yaml` or `.yml` are read, those of folders within it too, in the order of their names. A
 * file without a table of methods is about the method that it is named after:
 * `shop.v1.Orders/GetOrder.json` or `Orders.GetOrder.json`.
 * @throws RpcError for what cannot be read or is wrong.
 */
export async function loadExamples(
  paths: readonly string[],
  schema: Schema,
): Promise<LoadedExamples> {
  const examples = new Map<string, Example[]>();
  const watched: string[] = [];
  let count = 0;
  for (const path of paths) {
    const { files, folders } = await filesIn(path);
    watched.push(...folders);
    for (const file of files) {
      for (const raw of await readFileOf(file)) {
        const method = await methodOf(raw, path, file, schema);
        const key = `/${method.parent.typeName}/${method.name}`;
        const list = examples.get(key) ?? [];
        list.push(readExample(method, raw, schema));
        examples.set(key, list);
        count++;
      }
    }
  }
  return { examples, count, watched };
}

async function filesIn(path: string): Promise<{ files: string[]; folders: string[] }> {
  const info = await stat(path).catch((cause) => {
    throw fileFault(`--examples ${path}`, cause);
  });
  if (!info.isDirectory()) return { files: [path], folders: [path] };
  const files: string[] = [];
  const folders = [path];
  for (const folder of folders) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const full = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(full);
      else if (extensions.includes(extname(entry.name))) files.push(full);
    }
    if (files.length + folders.length > maxFiles) {
      throw new RpcError(
        'resource_exhausted',
        `--examples ${path}: there are more than ${maxFiles} files in it`,
      );
    }
  }
  return { files: files.sort(), folders };
}

async function readFileOf(file: string): Promise<RawExample[]> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw fileFault(file, cause);
  });
  return parseExampleFile(file, text);
}

async function methodOf(
  raw: RawExample,
  given: string,
  file: string,
  schema: Schema,
): Promise<DescMethod> {
  const name = raw.method ?? methodOfFile(given, file);
  try {
    return await findMethod(schema, name);
  } catch (cause) {
    if (!(cause instanceof RpcError)) throw cause;
    const hint = raw.method === undefined ? ' (the name of the file says for which method)' : '';
    throw new RpcError(cause.code, `${raw.origin}: ${cause.message}${hint}`, { cause });
  }
}

/** Of `examples/shop.v1.Orders/GetOrder.json` what stands before the ending, within the folder. */
function methodOfFile(given: string, file: string): string {
  const base = basename(file, extname(file));
  const folder = given === file ? basename(dirname(file)) : relative(given, dirname(file));
  return base.includes('.') || folder === '' ? base : `${basename(folder)}/${base}`;
}
