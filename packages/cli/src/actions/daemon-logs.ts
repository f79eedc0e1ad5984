import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { RpcError } from '@zeke/rpc';
import type { LogsFlags } from '../commands/daemon.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { readTail } from '../log-lines.ts';
import { type Output, printable } from '../output.ts';

const maxLines = 100_000;

/** `zeke daemon logs`. With `--json` lines are told as they were written. */
export async function daemonLogs(context: Context, flags: LogsFlags): Promise<void> {
  const { output } = context;
  const count = Number(flags.lines);
  if (!(Number.isInteger(count) && count >= 0 && count <= maxLines)) {
    throw new RpcError('invalid_argument', `--lines: it is a whole number up to ${maxLines}`);
  }
  const { config } = await readConfig(loadOptions(context, flags));
  const { logFile } = config.daemon;
  const tell = (line: string) => output.line(flags.json ? line : readable(line, output));
  const { size, text } = await readTail(logFile);
  const lines = text.split('\n').filter(Boolean);
  for (const line of count === 0 ? [] : lines.slice(-count)) tell(line);
  if (flags.follow) await follow(logFile, size, tell, context.interrupts.signal);
  else if (lines.length === 0) output.note(`zeke: nothing is in ${logFile} yet`);
}

/** Tells what is appended until the signal is aborted. A file that became shorter was begun anew. */
async function follow(
  file: string,
  from: number,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let at = from;
  let rest = '';
  const read = async () => {
    const handle = await open(file).catch(() => undefined);
    if (handle === undefined) return;
    try {
      const { size } = await handle.stat();
      if (size < at) at = 0;
      const bytes = Buffer.alloc(size - at);
      await handle.read(bytes, 0, bytes.length, at);
      at = size;
      const lines = (rest + bytes.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.filter(Boolean)) tell(line);
    } finally {
      await handle.close();
    }
  };
  let reading = Promise.resolve();
  const watcher = watch(file, () => {
    reading = reading.then(read);
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  watcher.close();
  await reading;
}

const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** A record of the log in a line for people; what is none stays as it is. */
function readable(line: string, { styles }: Output): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line);
  } catch {
    return printable(line);
  }
  const { hostname: _host, level, msg, pid: _pid, time, v: _v, ...fields } = record;
  const word = typeof level === 'string' ? level : (levels[Number(level)] ?? String(level));
  const paint =
    word === 'error' || word === 'fatal'
      ? styles.red
      : word === 'warn'
        ? styles.yellow
        : styles.dim;
  const at = time === undefined ? '' : `${new Date(time as number | string).toISOString()} `;
  const more = Object.keys(fields).length === 0 ? '' : ` ${styles.dim(JSON.stringify(fields))}`;
  return `${styles.dim(at)}${paint(word.padEnd(5))} ${printable(String(msg ?? ''))}${more}`;
}
