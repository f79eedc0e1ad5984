import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { CompleteFlags } from '../commands/complete-at.ts';
import type { Context } from '../context.ts';
import { openDaemon } from '../open-daemon.ts';

const maxFileBytes = 10 * 1024 * 1024;

/** `zeke complete`: the completion goes to standard output, what is known of it to standard error. */
export async function completeAt(
  context: Context,
  place: string,
  { local: localOnly = false, model = '', ...flags }: CompleteFlags,
): Promise<void> {
  const { cwd, interrupts, output } = context;
  const { column, filePath, line } = readPlace(place, cwd);
  const text = await readText(filePath);
  const at = offsetOf(text, line, column, place);
  await using client = await openDaemon(context, flags);
  const answer = await client.completion.complete(
    {
      prefix: text.slice(0, at),
      suffix: text.slice(at),
      filePath,
      cwd,
      model,
      explicit: true,
      localOnly,
    },
    { signal: interrupts.signal },
  );
  if (flags.json) {
    const { CompleteResponse } = await import('@zeke/protocol/reaper');
    output.json(CompleteResponse.toJson(answer));
    return;
  }
  const { dim } = output.noteStyles;
  if (answer.completion === '') output.note(dim('nothing worth showing'));
  else
    output.words(answer.completion.endsWith('\n') ? answer.completion : `${answer.completion}\n`);
  const share = `${Math.round(answer.confidence * 100)} %`;
  const degraded = answer.degraded ? ', no model can be reached' : '';
  output.note(
    dim(`${answer.provider || 'local'}, ${share} sure, ${answer.latencyMs} ms${degraded}`),
  );
}

function readPlace(place: string, cwd: string) {
  const [, file = '', line, column] = /^(.+):(\d+):(\d+)$/.exec(place) ?? [];
  if (line === undefined || column === undefined) {
    const message = `${JSON.stringify(place)}: it is FILE:LINE:COLUMN, as in src/main.ts:12:9`;
    throw new RpcError('invalid_argument', message);
  }
  return { filePath: resolve(cwd, file), line: Number(line), column: Number(column) };
}

async function readText(filePath: string): Promise<string> {
  const bytes = await readFile(filePath).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT'
      ? new RpcError('not_found', `${filePath}: there is no such file`, { cause })
      : new RpcError('failed_precondition', `${filePath} cannot be read (${cause.code})`, {
          cause,
        });
  });
  if (bytes.length > maxFileBytes) {
    throw new RpcError('invalid_argument', `${filePath}: it has more than ${maxFileBytes} bytes`);
  }
  return bytes.toString('utf8');
}

function offsetOf(text: string, line: number, column: number, place: string): number {
  const lines = text.split('\n');
  const own = lines[line - 1]?.replace(/\r$/, '');
  if (own === undefined || column < 1 || column > own.length + 1) {
    const message =
      own === undefined
        ? `${place}: there is no line ${line}: it has ${lines.length}`
        : `${place}: line ${line} has columns 1 to ${own.length + 1}`;
    throw new RpcError('invalid_argument', message);
  }
  return lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
}
