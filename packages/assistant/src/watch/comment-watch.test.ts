import { expect, test } from 'bun:test';
import { mkdir, realpath, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { type AiComment, showComment } from './ai-comment.ts';
import { CommentWatch, type CommentWatchOptions } from './comment-watch.ts';

const limit = (): AbortSignal => AbortSignal.timeout(20_000);
const done = { isDone: true, changes: [] } as const;
const failed = { isDone: false, changes: [] } as const;

async function house(files: Record<string, string>, options: Partial<CommentWatchOptions> = {}) {
  const parts = new AsyncDisposableStack();
  const folder = await realpath(parts.use(await temporaryDirectory()).path);
  const root = join(folder, 'shop');
  await mkdir(root);
  const write = async (path: string, text: string): Promise<void> => {
    await Bun.write(join(root, path), text);
  };
  const git = async (...args: string[]): Promise<void> => {
    const env = { PATH: process.env.PATH ?? '', HOME: folder };
    const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
    expect(await Bun.spawn(['git', ...who, ...args], { cwd: root, env }).exited).toBe(0);
  };
  await git('init', '-q');
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const noted: string[] = [];
  const isNoted = Promise.withResolvers<void>();
  const open = async (): Promise<CommentWatch> =>
    parts.use(
      await CommentWatch.open(
        {
          project: { root, name: 'shop' },
          environment: process.env,
          quietMs: 20,
          pollMs: 20,
          onNoted: (comments) => {
            noted.push(...shown(comments));
            isNoted.resolve();
          },
          onLimit: () => {},
          ...options,
        },
        limit(),
      ),
    );
  return {
    root,
    write,
    git,
    open,
    noted,
    isNoted: isNoted.promise,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

function shown(comments: readonly AiComment[]): string[] {
  return comments.map(showComment);
}

test('AI! asks for a run with the comments of all files, AI for nothing alone', async () => {
  await using at = await house({ 'a.ts': 'a();\n', 'b.py': 'b()\n' });
  const watch = await at.open();
  expect(watch.fileCount).toBe(2);
  const next = watch.next(limit());
  await at.write('b.py', 'b()  # by name, not by price AI\n');
  await at.isNoted;
  await at.write('b.py', 'b()  # by name, not by price AI\nc()\n');
  await at.write('a.ts', '// Sort them. AI!\na();\n');
  const { comments, instruction, kind } = await next;
  expect(kind).toBe('do');
  expect(at.noted).toEqual(['b.py:1 by name, not by price AI']);
  expect(shown(comments).toSorted()).toEqual([
    'a.ts:1 Sort them. AI!',
    'b.py:1 by name, not by price AI',
  ]);
  expect(instruction).toStartWith('a.ts:1 Sort them. AI!\n\nI have written');
  expect(instruction).toContain('```\n> 1  // Sort them. AI!\n  2  a();\n  3\n```');
  expect(instruction).toContain('b.py:1, marked AI:');
});

test('AI? asks for an answer, once as long as it stands there', async () => {
  await using at = await house({ 'a.ts': '' });
  const watch = await at.open();
  await at.write('a.ts', '// why? AI?\n');
  const asked = await watch.next(limit());
  expect(asked.kind).toBe('ask');
  expect(asked.instruction).toContain('Change nothing.');
  expect(await watch.settle(asked, done, limit())).toEqual({ left: [], written: [] });
  await at.write('a.ts', '// why? AI?\nchanged();\n');
  await at.write('b.ts', '// and why this? AI?\n');
  const other = await watch.next(limit());
  expect(shown(other.comments)).toEqual(['b.ts:1 and why this? AI?']);
  await watch.settle(other, done, limit());
  // Taken away and typed again it is asked again.
  await at.write('a.ts', 'changed();\n');
  await at.write('c.ts', '// go on AI?\n');
  await watch.settle(await watch.next(limit()), done, limit());
  await at.write('a.ts', '// why? AI?\n');
  expect(shown((await watch.next(limit())).comments)).toEqual(['a.ts:1 why? AI?']);
});

test('comments that were there before, or came with git, are no commands', async () => {
  await using at = await house({ 'old.ts': '// clean up AI!\n', 'typed.ts': '' });
  await at.git('add', '-A');
  await at.git('commit', '-q', '-m', 'first');
  await at.write('typed.ts', '// do it AI!\n');
  const watch = await at.open();
  expect(shown(watch.waiting)).toEqual(['typed.ts:1 do it AI!']);
  const next = watch.next(limit());
  await at.write('old.ts', '// clean up AI!\nsaved();\n');
  await at.write('new.ts', '// try this AI!\n');
  expect(shown((await next).comments).toSorted()).toEqual([
    'new.ts:1 try this AI!',
    'typed.ts:1 do it AI!',
  ]);
});

test('a comment that a run leaves is told, and no command until it changes', async () => {
  await using at = await house({ 'a.ts': '' });
  const watch = await at.open();
  await at.write('a.ts', '// sort AI!\n');
  const task = await watch.next(limit());
  await at.write('a.ts', 'sort();\n  // sort AI!\n');
  const { left } = await watch.settle(task, done, limit());
  expect(shown(left)).toEqual(['a.ts:1 sort AI!']);
  const next = watch.next(limit());
  await at.write('a.ts', 'sort();\nagain(); // sort AI!\n');
  await at.write('a.ts', 'sort();\n// sort by name AI!\n');
  expect(shown((await next).comments)).toEqual(['a.ts:2 sort by name AI!']);
});

test('what a run writes is no command, what a person writes meanwhile is', async () => {
  await using at = await house({ 'a.ts': '', 'b.ts': '', 'c.ts': '' });
  const watch = await at.open();
  await at.write('a.ts', '// sort AI!\n');
  const task = await watch.next(limit());
  await at.write('a.ts', 'sort();\n// now test it AI!\n');
  await at.write('b.ts', '// rename this AI!\n');
  await at.write('c.ts', '// in a file whose diff is cut AI!\n');
  const changes = [
    { path: 'a.ts', diff: '@@ -1 +1,2 @@\n-// sort AI!\n+sort();\n+// now test it AI!\n' },
    { path: 'c.ts', diff: '' },
  ];
  const { left, written } = await watch.settle(task, { isDone: true, changes }, limit());
  expect(left).toEqual([]);
  expect(shown(written)).toEqual([
    'a.ts:2 now test it AI!',
    'c.ts:1 in a file whose diff is cut AI!',
  ]);
  expect(shown((await watch.next(limit())).comments)).toEqual(['b.ts:1 rename this AI!']);
});

test('a task that failed is taken up again when its file is saved, not before', async () => {
  await using at = await house({ 'a.ts': '', 'b.ts': '' });
  const watch = await at.open();
  await at.write('a.ts', '// sort AI!\n');
  const first = await watch.next(limit());
  await at.write('a.ts', 'half();\n// sort AI!\n');
  expect(await watch.settle(first, failed, limit())).toEqual({ left: [], written: [] });
  expect(shown(watch.waiting)).toEqual(['a.ts:2 sort AI!']);
  const next = watch.next(limit());
  await at.write('b.ts', '// nothing to do yet AI\n');
  await at.isNoted;
  await at.write('a.ts', 'half();\n\n// sort AI!\n');
  expect((await next).kind).toBe('do');
});

test('saves in quick succession, and by a rename, are one task', async () => {
  await using at = await house({ 'a.ts': '', 'b.ts': '' }, { quietMs: 1_000 });
  const watch = await at.open();
  const next = watch.next(limit());
  await at.write('b.ts', '// and this AI!\n');
  await at.write('a.ts~', '// a copy AI!\n');
  await at.write('a.ts.new', '// this AI!\n');
  await rename(join(at.root, 'a.ts.new'), join(at.root, 'a.ts'));
  expect(shown((await next).comments).toSorted()).toEqual([
    'a.ts:1 this AI!',
    'b.ts:1 and this AI!',
  ]);
});

test('binary, huge and foreign files are not read', async () => {
  await using at = await house({ '.gitignore': 'node_modules/\n', 'a.ts': '' });
  const watch = await at.open();
  const next = watch.next(limit());
  await at.write('node_modules/x/a.ts', '// one AI!\n');
  await at.write('bin.ts', '\0// two AI!\n');
  await at.write('huge.ts', `// three AI!\n${'x'.repeat(600_000)}`);
  await Bun.write(join(at.root, '../outside.ts'), '// four AI!\n');
  await symlink('../outside.ts', join(at.root, 'link.ts'));
  await at.write('a.ts', '// five AI!\n');
  expect(shown((await next).comments)).toEqual(['a.ts:1 five AI!']);
});

test('fences of the instruction hold code with fences', async () => {
  await using at = await house({ 'a.ts': '' });
  const watch = await at.open();
  await at.write('a.ts', `// fix @src/b.ts AI!\nconst a = \`\`\`\`;\n@dec\n${'y'.repeat(500)}\n`);
  const { instruction } = await watch.next(limit());
  expect(instruction).toContain('`````\n> 1  // fix @src/b.ts AI!');
  expect(instruction).toContain(`${'y'.repeat(300)}…`);
});
