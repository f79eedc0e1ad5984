import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { examples, gather, type ServerFlags, withSchema, withTarget } from '../flags.ts';
import { listenHelp, withListen } from '../listen/listen-flags.ts';
import type { ListenFlags } from '../listen/listen-target.ts';
import type { ListenTlsFlags } from '../listen/open-listeners.ts';
import type { ReplayMatch } from './replay-book.ts';

export interface ProxyFlags extends ServerFlags, Pick<ListenFlags, 'listen'>, ListenTlsFlags {
  readonly target?: string;
  readonly record?: string;
  readonly replay?: string;
  readonly match?: ReplayMatch;
  readonly pace?: boolean;
  readonly cors?: readonly string[];
  readonly quiet?: boolean;
}

/** `zrpc proxy` */
export function addProxy(program: Command, context: Context): void {
  const { name } = context;
  const command = program
    .command('proxy')
    .description('pass calls on to a server, record them, or answer from a recording')
    .argument('[target]')
    .option('--target <target>', 'where calls go; the same as the argument');
  withListen(withSchema(withTarget(command)))
    .addOption(
      new Option('--cors <origin>', 'whose pages may call over HTTP and WebSocket').argParser(
        gather,
      ),
    )
    .optionsGroup('Recording:')
    .option('--record <file>', 'add every call to a file, secrets in metadata left out')
    .option('--replay <file>', 'answer from such a file; no target then')
    .addOption(
      new Option('--match <what>', 'what of a call must be as in the recording')
        .choices(['bytes', 'method'])
        .default('bytes'),
    )
    .option('--pace', 'answer when the recorded call was answered, and not at once')
    .optionsGroup('Output:')
    .option('-q, --quiet', 'do not print each call')
    .addHelpText(
      'after',
      `${listenHelp}\n\n${help}\n${examples(
        `${name} proxy --listen :50052 --target grpc://localhost:50051 --record calls.jsonl`,
        `${name} proxy --listen http://:8080 --target unix:/run/shop.sock --cors https://shop.example`,
        `${name} proxy --listen :50052 --replay calls.jsonl`,
      )}`,
    )
    .action(async (target: string | undefined, flags: ProxyFlags) => {
      const { proxy } = await import('./proxy.ts');
      await proxy(context, target, flags);
    });
}

const help = `A recording has a line of JSON for each call: its method, metadata, messages as base64 and, where the
schema is known, as JSON, and its status. Who may read the file is its owner: it has what was said.

A replay answers a call with the recorded one of the same method and the same requests, byte by byte;
of several with the first that has answered none yet. What was not recorded is not_found. With --match
method calls are answered in their order, whatever they ask.`;
