import { RpcError } from '../../rpc-error.ts';
import type { Context } from '../context.ts';
import { isOwnService } from '../mock/mock-services.ts';
import { printable } from '../printable.ts';
import type { History } from './editor/history.ts';
import type { Key } from './editor/key-parser.ts';
import { type Completion, LineEditor, type ReadResult } from './editor/line-editor.ts';
import { highlightInput, styler } from './language/highlight.ts';
import { openBrackets } from './language/tokens.ts';
import { ProcessTerminal } from './process-terminal.ts';
import type { OpenSession } from './repl.ts';
import { completeInput } from './session/complete-input.ts';
import type { Session } from './session/session.ts';
import type { View } from './session/view.ts';

/** How long Tab waits for a server that has to be asked, in milliseconds. */
const completionWaitMs = 1_500;
/** Keys that are pressed while something runs. */
const maxKeysAhead = 10_000;

/**
 * A session with a person at a terminal. Ctrl-C ends what runs, and the session goes on.
 * @returns the exit code: 0, as the person has seen what failed.
 */
export async function runInteractive(
  context: Context,
  open: OpenSession,
  history: History,
  stdout: NodeJS.WriteStream = process.stdout,
): Promise<number> {
  const keysAhead: Key[] = [];
  let session: Session | undefined;
  let isGone = false;
  const onKey = (key: Key): void => {
    if (key.name === 'ctrl-z') suspend(terminal, editor);
    else if (editor.isReading) editor.key(key);
    else if (key.name === 'ctrl-c') session?.interrupt();
    else if (keysAhead.length < maxKeysAhead) keysAhead.push(key);
  };
  using terminal = new ProcessTerminal({
    stdin: context.stdin,
    stdout,
    onKeys: (keys) => editor.batch(() => keys.forEach(onKey)),
    onResize: () => editor.resized(),
    onContinue: () => editor.redraw(),
    onClose() {
      isGone = true;
      session?.interrupt();
      editor.key({ name: 'ctrl-c', text: '' });
    },
  });
  const editor = editorOf(context, terminal, history, () => session);
  const view: View = {
    styles: context.output.styles,
    isInteractive: true,
    result: async (text) => editor.print(text),
    note: (text) => editor.print(text),
  };
  await using opened = await open(view, () => {
    if (session === undefined) return;
    if (editor.editing !== session.settings.editing) editor.editing = session.settings.editing;
    editor.setPrompt(session.prompt);
  });
  session = opened;
  greet(context, opened);
  const { signal } = context.interrupts;
  signal.addEventListener('abort', () => {
    isGone = true;
    opened.interrupt();
    editor.key({ name: 'ctrl-c', text: '' });
  });
  while (!(opened.hasEnded || isGone)) {
    const reading = editor.read(opened.prompt);
    editor.batch(() => keysAhead.splice(0).forEach(onKey));
    await obey(opened, await reading, history);
  }
  return 0;
}

function suspend(terminal: ProcessTerminal, editor: LineEditor): void {
  editor.leave();
  terminal.suspend();
}

async function obey(session: Session, result: ReadResult, history: History): Promise<void> {
  switch (result.kind) {
    case 'input':
      if (result.text.trim() === '' || result.text.trim().startsWith('#')) return;
      history.add(result.text);
      await session.run(result.text);
      return;
    case 'interrupt': {
      const { call } = session;
      // The first one is for what was being written.
      if (call === undefined || result.text !== '') return;
      call.cancel();
      await call.done;
      return;
    }
    case 'end':
      if (session.call === undefined) session.hasEnded = true;
      else await session.run('end');
  }
}

function editorOf(
  context: Context,
  terminal: ProcessTerminal,
  history: History,
  session: () => Session | undefined,
): LineEditor {
  const complete = async (text: string, cursor: number): Promise<Completion> => {
    const current = session();
    const nothing: Completion = { from: cursor, candidates: [] };
    if (current === undefined) return nothing;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<Completion>((resolve) => {
      timer = setTimeout(() => resolve(nothing), completionWaitMs);
    });
    try {
      return await Promise.race([completeInput(current, text, cursor), limit]);
    } finally {
      clearTimeout(timer);
    }
  };
  return new LineEditor({
    terminal,
    history,
    style: styler(context.output.styles),
    editing: 'emacs',
    language: {
      highlight: highlightInput,
      isComplete: (text) => openBrackets(text) <= 0,
      indentAfter: (text) => '  '.repeat(Math.max(0, openBrackets(text))),
      complete,
    },
  });
}

/** Says where the session is, and what is there as soon as that is known. */
function greet({ name }: Context, session: Session): void {
  const { styles } = session.view;
  const { connection } = session;
  session.changed();
  const where = connection === undefined ? 'not connected' : connection.target.name;
  session.view.note(
    `${styles.bold(`${name} repl`)} ${styles.dim(`· ${where} · help, Tab, Ctrl-D leaves`)}`,
  );
  if (connection === undefined) return;
  session.schema.services().then(
    (services) => {
      session.view.note(styles.dim(printable(served(services))));
    },
    (reason) => session.view.note(styles.yellow(printable(RpcError.from(reason).message, 'lines'))),
  );
}

/** Services that are about the server itself are not told of. */
function served(services: readonly string[]): string {
  const own = services.filter((name) => !isOwnService(name));
  const names = own.slice(0, maxNames).join(', ');
  const count = `${own.length} service${own.length === 1 ? '' : 's'}`;
  return own.length === 0 ? count : `${count}: ${names}${own.length > maxNames ? ', …' : ''}`;
}

/** More than these are not read. */
const maxNames = 6;
