import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import type { Action } from '../../permissions/action.ts';
import type { Tool, ToolContext, ToolOutput } from '../tool.ts';

/** A project in a folder of its own, and calls of tools in it as the agent makes them. */
export interface ToolBench extends AsyncDisposable {
  /** The project's root; the folder around it is the bench's, too. */
  readonly root: string;
  readonly context: ToolContext;
  /** Checks the arguments, asks for actions and allows them all, and runs. */
  call(name: string, input: unknown, changed?: Partial<ToolContext>): Promise<ToolOutput>;
  actions(name: string, input: unknown): Promise<readonly Action[]>;
  tool(name: string): Tool;
  write(path: string, text: string | Uint8Array): Promise<string>;
  read(path: string): Promise<string>;
}

/** A bench with these tools and files. */
export async function toolBench(
  tools: readonly Tool[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<ToolBench> {
  const folder = await temporaryDirectory();
  const root = join(await realpath(folder.path), 'project');
  await mkdir(root);
  const context: ToolContext = {
    project: { root, name: 'project' },
    cwd: root,
    sessionId: 'session',
    callId: 'call',
    signal: new AbortController().signal,
    allowed: [],
    onProgress: () => {},
  };
  const tool = (name: string): Tool => {
    const found = tools.find((one) => one.name === name || one.aliases?.includes(name));
    if (found === undefined) throw new Error(`there is no tool ${name}`);
    return found;
  };
  const bench: ToolBench = {
    root,
    context,
    tool,
    actions: async (name, input) => await tool(name).actions(tool(name).parse(input), context),
    async call(name, input, changed = {}) {
      const called = tool(name);
      const parsed = called.parse(input);
      const place = { ...context, ...changed };
      const allowed = changed.allowed ?? (await called.actions(parsed, place));
      return await called.run(parsed, { ...place, allowed });
    },
    async write(path, text) {
      const full = join(root, path);
      await mkdir(dirname(full), { recursive: true });
      await writeFile(full, text);
      return full;
    },
    read: (path) => Bun.file(join(root, path)).text(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
  for (const [path, text] of Object.entries(files)) await bench.write(path, text);
  return bench;
}
