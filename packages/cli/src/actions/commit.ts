import { RpcError } from '@zeke/rpc';
import { LineReader } from '../agent/line-reader.ts';
import type { CommitFlags } from '../commands/review.ts';
import type { Context } from '../context.ts';
import { openDaemon } from '../open-daemon.ts';
import { printable } from '../output.ts';

/** `zeke commit`: proposes a message for what is staged, and commits with it once it will do. */
export async function commitStaged(context: Context, flags: CommitFlags): Promise<void> {
  const { cwd, interactive, interrupts, output } = context;
  if (!interactive && flags.yes !== true && flags.dryRun !== true) {
    const message = 'nobody is there to ask whether the message will do: say --yes or --dry-run';
    throw new RpcError('invalid_argument', message);
  }
  let hint = flags.message ?? '';
  let message = '';
  {
    await using client = await openDaemon(context, flags);
    for (;;) {
      const request = { cwd, hint, ...(flags.model === undefined ? {} : { model: flags.model }) };
      const proposed = await client.commit.propose(request, { signal: interrupts.signal });
      message = proposed.message;
      if (flags.dryRun === true || flags.yes === true) break;
      const said = await ask(context, message, proposed.files);
      if (said === 'yes') break;
      if (said === 'no') throw new RpcError('canceled', 'nothing was committed');
      hint = [hint, said].filter(Boolean).join('\n');
    }
  }
  if (flags.dryRun === true) output.line(message);
  else await commit(context, message);
}

/** `yes`, `no`, or words about what should be other. */
async function ask(
  { output, stdin }: Context,
  message: string,
  files: readonly string[],
): Promise<string> {
  const { bold, dim } = output.noteStyles;
  output.note('');
  for (const line of message.split('\n')) output.note(`  ${printable(line)}`);
  output.note(dim(`\n  ${files.length} ${files.length === 1 ? 'file' : 'files'}`));
  output.note(bold('commit with it? y yes, n no, or say what should be other:'));
  using lines = new LineReader(stdin);
  for (;;) {
    const line = ((await lines.next()) ?? 'no').trim();
    if (/^y(?:es)?$/i.test(line)) return 'yes';
    if (/^no?$/i.test(line)) return 'no';
    if (line !== '') return line;
  }
}

/** With the user's own git, hooks and signature: it is their commit. */
async function commit({ cwd, environment, output }: Context, message: string): Promise<void> {
  const git = Bun.spawn(['git', 'commit', '--file=-'], {
    cwd,
    env: environment,
    stdin: new TextEncoder().encode(message),
    stdout: 'pipe',
    stderr: 'inherit',
  });
  output.write(await new Response(git.stdout).text());
  const code = await git.exited;
  if (code !== 0) throw new RpcError('failed_precondition', `git commit ended with ${code}`);
}
