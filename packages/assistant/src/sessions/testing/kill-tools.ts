import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { defineTool } from '../../tools/define-tool.ts';
import type { Tool } from '../../tools/tool.ts';

const onPath = z.object({ path: z.string() });
const withText = onPath.extend({ text: z.string() });

/** Tools that change files in several moves; `point` is called between them, and may end the process. */
export function killTools(point: () => void): readonly Tool[] {
  const writes = (path: string, cwd: string) =>
    [{ kind: 'write', path: join(cwd, path), change: 'modify' }] as const;
  return [
    defineTool({
      name: 'read',
      description: 'Reads.',
      isReadOnly: true,
      input: onPath,
      actions: () => [],
      run: async ({ path }, { cwd }) => {
        point();
        try {
          return { text: readFileSync(join(cwd, path), 'utf8') };
        } catch {
          return { text: '' };
        }
      },
    }),
    defineTool({
      name: 'write',
      description: 'Writes.',
      isReadOnly: false,
      input: withText,
      actions: ({ path }, { cwd }) => writes(path, cwd),
      run: async ({ path, text }, { cwd }) => {
        point();
        mkdirSync(dirname(join(cwd, path)), { recursive: true });
        writeFileSync(join(cwd, path), text.slice(0, text.length / 2));
        point();
        writeFileSync(join(cwd, path), text);
        point();
        return { text: 'written' };
      },
    }),
    defineTool({
      name: 'append',
      description: 'Appends.',
      isReadOnly: false,
      input: withText,
      actions: ({ path }, { cwd }) => writes(path, cwd),
      run: async ({ path, text }, { cwd }) => {
        point();
        appendFileSync(join(cwd, path), text);
        point();
        return { text: 'appended' };
      },
    }),
    defineTool({
      name: 'remove',
      description: 'Removes.',
      isReadOnly: false,
      input: onPath,
      actions: ({ path }, { cwd }) => writes(path, cwd),
      run: async ({ path }, { cwd }) => {
        point();
        rmSync(join(cwd, path), { force: true });
        point();
        return { text: 'removed' };
      },
    }),
  ];
}
