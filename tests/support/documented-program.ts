import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generate } from '@zeke/rpc/generator';
import { type Block, blocksOf, root } from './documentation.ts';

/**
 * Writes the program that a page shows into a folder, as a reader would: its `.proto` files, what
 * `zrpc gen` makes of them in `src/gen`, and its TypeScript.
 *
 * A block begins with its path (`// src/server.ts`); TypeScript without one is a file of its own in
 * `src`. In an HTML comment before a block, `continues` adds it to the one before, and `with:` stands
 * before declarations that the reader is to imagine.
 * @returns the paths of the TypeScript files, in the order of the page.
 * @throws Error for a `.proto` file without a name, RpcError for one with faults.
 */
export function writeProgram(page: string, folder: string): string[] {
  const blocks = blocksOf(readFileSync(join(root, page), 'utf8'));
  const protos = blocks.filter(({ language }) => language === 'proto').map(protoFile(page));
  for (const { path, text } of protos) write(join(folder, path), text);
  const inputs = protos.map(({ path }) => path);
  const out = join(folder, 'src/gen');
  if (inputs.length > 0) generate({ inputs, importPaths: [folder], lang: 'typescript', out });
  const files = new Map<string, string>();
  let last = '';
  for (const block of blocks.filter(({ language }) => language === 'ts')) {
    if (block.note !== 'continues') last = pathOf(block) ?? `src/line-${block.line}.ts`;
    const assumed = /^with:([\s\S]*)$/.exec(block.note)?.[1] ?? '';
    files.set(last, `${files.get(last) ?? ''}${assumed}\n${block.text}`);
  }
  for (const [path, text] of files) write(join(folder, path), `${text}\nexport {};\n`);
  return [...files.keys()];
}

/** Makes of a folder a package with what a user would have installed, for programs below it. */
export function installPackages(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@zeke'), { recursive: true });
  symlinkSync(join(root, 'packages/rpc'), join(modules, '@zeke/rpc'));
  symlinkSync(join(root, 'node_modules/@types'), join(modules, '@types'));
  write(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
}

function protoFile(page: string): (block: Block) => { path: string; text: string } {
  return (block) => {
    const path = pathOf(block);
    if (path === undefined) {
      throw new Error(`${page}:${block.line}: a .proto file begins with its name: // shop.proto`);
    }
    return { path, text: block.text };
  };
}

function pathOf({ text }: Block): string | undefined {
  return /^\/\/ ([\w/.-]+\.(?:ts|proto))$/m.exec(text.split('\n')[0] ?? '')?.[1];
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
