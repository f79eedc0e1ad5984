import { RpcError } from '../../../rpc-error.ts';
import type { Styles } from '../../output.ts';
import { printable } from '../../printable.ts';
import { targetForms } from '../../target/target.ts';
import type { ReplCommand } from './command.ts';

export const connectCommand: ReplCommand = {
  name: 'connect',
  usage: '<target>',
  summary: 'talk to a server from now on',
  details: Object.values(targetForms)
    .map((form) => `  ${form}`)
    .join('\n'),
  async run(session, rest) {
    if (rest === '') throw new RpcError('invalid_argument', 'connect to what? Write a target');
    await session.connect(rest);
  },
  complete(_session, [word = '', surplus]) {
    if (surplus !== undefined) return [];
    return schemes.filter((scheme) => scheme.startsWith(word)).map((text) => ({ text }));
  },
};

const schemes = [
  'grpc://',
  'grpcs://',
  'grpc+unix:',
  'grpc+h3://',
  'unix:',
  'shm:',
  'ws://',
  'wss://',
  'quic://',
  'http://',
  'https://',
  'grpc-web+http://',
  'grpc-web+https://',
];

/** How many inputs `history` shows when nothing is said. */
const shownInputs = 20;

export const historyCommand: ReplCommand = {
  name: 'history',
  usage: '[count]',
  summary: 'show what was said before',
  isKept: false,
  async run({ history, view }, rest) {
    const count = rest === '' ? shownInputs : Number(rest);
    if (!(Number.isInteger(count) && count > 0)) {
      throw new RpcError('invalid_argument', `history ${rest}: write a number`);
    }
    const { inputs } = history;
    const first = Math.max(0, inputs.length - count);
    for (const [i, input] of inputs.slice(first).entries()) {
      await view.result(
        `${view.styles.dim(String(first + i + 1).padStart(5))}  ${printable(input, 'lines')}`,
      );
    }
  },
};

/** `help`, of these commands. */
export function helpCommand(commands: () => readonly ReplCommand[]): ReplCommand {
  return {
    name: 'help',
    usage: '[command or keys]',
    summary: 'tell what there is, or more of one thing',
    isKept: false,
    async run({ view }, rest) {
      const name = rest.replace(/^:/, '');
      const command = commands().find((each) => each.name === name);
      if (rest === '') await view.result(overview(commands(), view.styles));
      else if (rest === 'keys') await view.result(keysHelp);
      else if (command !== undefined) await view.result(explained(command, view.styles));
      else throw new RpcError('not_found', `there is no command ${rest}: help tells what there is`);
    },
    complete: (_session, [word = '', surplus]) =>
      surplus !== undefined
        ? []
        : [...commands().map(({ name }) => name), 'keys']
            .filter((name) => name.startsWith(word))
            .map((text) => ({ text })),
  };
}

function overview(commands: readonly ReplCommand[], { bold, dim }: Styles): string {
  const width = Math.max(...commands.map(({ name, usage }) => name.length + usage.length));
  const lines = commands.map(({ name, usage, summary }) => {
    const padding = ' '.repeat(width - name.length - usage.length);
    return `  ${bold(name)} ${usage}${padding}  ${dim(summary)}`;
  });
  const more = dim('help COMMAND and help keys tell more. Tab completes, Ctrl-D leaves.');
  return [...lines, '', shortcuts, more].join('\n');
}

const shortcuts = `  Service/Method {…} calls, {…} alone sends on the open stream, $name shows a value, # is a comment.`;

function explained({ name, usage, summary, details }: ReplCommand, { bold }: Styles): string {
  return `${bold(name)} ${usage}\n${summary}${details === undefined ? '' : `\n\n${details}`}`;
}

const keysHelp = `  Tab, Shift-Tab       complete, and go through what there is
  Enter                go; a new line while brackets are open
  Alt-Enter            a new line in any case
  Up, Down             the history, or the lines of an input
  Ctrl-R               search the history; again for older ones, Ctrl-G to stop
  Ctrl-C               cancel the call, or the input; the session goes on
  Ctrl-D               leave; with an open stream, end its requests
  Ctrl-L               clear the screen

  emacs (set editing emacs)
    Ctrl-A, Ctrl-E, Alt-B, Alt-F        move     Ctrl-K, Ctrl-U, Ctrl-W, Alt-D    cut
    Ctrl-Y, Alt-Y                       paste    Ctrl-_                           undo
  vi (set editing vi): Escape for commands
    h l w b e 0 ^ $ f t ; , % j k G     move     d c y with a motion, iw a" i{    operate
    i a I A o O s S C                   write    x D p P r ~ J u Ctrl-R .         change`;

export const quitCommand: ReplCommand = {
  name: 'quit',
  usage: '',
  summary: 'leave, as Ctrl-D does',
  isKept: false,
  run(session) {
    session.hasEnded = true;
  },
};
