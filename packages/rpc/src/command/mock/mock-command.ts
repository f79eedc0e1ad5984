import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { examples, gather, withSchema } from '../flags.ts';
import { listenHelp, withListenShortcuts } from '../listen/listen-flags.ts';
import type { ListenFlags } from '../listen/listen-target.ts';
import type { ListenTlsFlags } from '../listen/open-listeners.ts';
import type { SchemaFiles } from '../schema/file-schema.ts';

export interface MockFlags extends ListenFlags, ListenTlsFlags, SchemaFiles {
  readonly examples?: readonly string[];
  readonly seed: string;
  readonly streamLength?: readonly string[];
  readonly latency?: readonly string[];
  readonly fail?: readonly string[];
  readonly failCode?: readonly string[];
  readonly cors?: readonly string[];
  readonly record?: string;
  readonly quiet?: boolean;
}

/** `zrpc mock` */
export function addMock(program: Command, context: Context): void {
  const command = program
    .command('mock')
    .description('serve the services of .proto files, from examples and with fakes');
  withListenShortcuts(withSchema(command))
    .addOption(
      gathered('--cors <origin>', 'whose pages may call over HTTP and WebSocket; default all'),
    )
    .optionsGroup('Answers:')
    .addOption(
      gathered('--examples <path>', 'a file or a folder of answers; read again when it changes'),
    )
    .option('--seed <text>', 'what fakes and chance are made from', '1')
    .addOption(gathered('--stream-length <count>', 'fakes in a stream: 3, 1..5; default 3'))
    .addOption(gathered('--latency <time>', 'before each response: 50ms, 20ms..80ms'))
    .addOption(gathered('--fail <share>', 'calls that fail: 5%'))
    .addOption(gathered('--fail-code <code>', 'how they fail; default unavailable'))
    .optionsGroup('Output:')
    .option('--record <file>', 'add every call to a file, for zrpc proxy --replay')
    .option('-q, --quiet', 'do not print each call')
    .addHelpText(
      'after',
      `${listenHelp}\n\n${help}\n${examples(
        `${context.name} mock --proto shop.proto`,
        `${context.name} mock --proto shop.proto --listen :50051 --http :8080 --uds shop.sock`,
        `${context.name} mock --proto shop.proto --examples answers/ --latency 20ms..80ms`,
        `${context.name} mock --proto shop.proto --fail 5% --fail Orders/Get=50% --fail-code Orders/Get=not_found`,
      )}`,
    )
    .action(async (flags: MockFlags) => {
      const { mock } = await import('./mock.ts');
      await mock(context, flags);
    });
}

const help = `Without an example that fits a call gets a fake, the same for the same request and seed. The flags
of chance and time take METHOD=VALUE as well, for one method, and may stand often.

An example file is YAML or JSON, a table of methods:

  shop.Orders/Get:
    - request: { id: 404 }        # only for requests that have this; else for all
      error: { code: not_found, message: no such order }
    - response: { id: 7, customer: Ada }
      delay: 200ms                # before the first response
      header: { x-served-by: mock }
  shop.Orders/Watch:
    responses: [{ id: 1 }, { id: 2 }]
    interval: 1s                  # between responses
    error: unavailable            # after them

In a folder a file may hold the examples of one method, and be named after it:
answers/shop.Orders/Get.json.`;

function gathered(flags: string, description: string): Option {
  return new Option(flags, description).argParser(gather);
}
