import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from './duration.ts';
import type { SchemaFiles } from './schema/file-schema.ts';
import type { ConnectionFlags } from './target/open-target.ts';
import type { TargetFlags } from './target/target.ts';

/** Flags of every command that talks to a server. */
export interface ServerFlags extends TargetFlags, ConnectionFlags, SchemaFiles {
  /** `name: value` */
  readonly header?: readonly string[];
  /** In milliseconds. */
  readonly timeout?: number;
}

/** How a server is named: by a flag, in place of the argument. */
export function withTarget(command: Command): Command {
  return command
    .optionsGroup('Target (in place of the argument):')
    .option('--grpc <host:port>', 'gRPC over HTTP/2; unix:PATH for a Unix socket')
    .option('--h3 <host:port>', 'gRPC over HTTP/3')
    .option('--uds <path>', 'own frames on a Unix socket')
    .option('--shm <path>', 'own frames through shared memory, met at a Unix socket')
    .option('--ws <url>', 'own frames over WebSocket')
    .option('--quic <host:port>', 'own frames over QUIC')
    .option('--connect <url>', 'the Connect protocol over HTTP')
    .option('--grpc-web <url>', 'gRPC-Web over HTTP')
    .optionsGroup('Connection:')
    .option('--tls', 'encrypt: grpcs, wss, https; QUIC always does')
    .option('--cacert <file>', "who may sign the server's certificate (PEM)")
    .option('--cert <file>', "the client's certificate (PEM)")
    .option('--key <file>', 'and its key (PEM)')
    .option(
      '--server-name <name>',
      "the name in the server's certificate, where it is not the host",
    )
    .option('--insecure', 'believe every certificate (HTTP and WebSocket only)')
    .option('--authority <name>', 'the host that a gRPC server is told')
    .option('--max-message-size <bytes>', 'in either direction; 4 MiB', wholeNumber(2 ** 31 - 1));
}

/** What goes with each call. */
export function withCall(command: Command): Command {
  return command
    .optionsGroup('Call:')
    .addOption(
      new Option(
        '-H, --header <name: value>',
        'metadata; may stand often; -bin in base64',
      ).argParser(gather),
    )
    .option('--timeout <time>', 'for the call, such as 5s or 500ms', (text) =>
      parseDurationMs('--timeout', text),
    );
}

/** Where the schema comes from when it is not the server's reflection. */
export function withSchema(command: Command): Command {
  return command
    .optionsGroup('Schema (instead of the reflection of the server):')
    .addOption(new Option('--proto <file>', 'a .proto file; may stand often').argParser(gather))
    .addOption(
      new Option('-I, --import-path <folder>', 'where its imports are; may stand often').argParser(
        gather,
      ),
    )
    .addOption(
      new Option('--descriptor-set <file>', 'a FileDescriptorSet; may stand often').argParser(
        gather,
      ),
    );
}

/** Puts the flags that follow under the ordinary heading again. */
export function withOutput(command: Command): Command {
  return command.optionsGroup('Output:');
}

/** The examples at the end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** Gathers a flag that may stand several times. */
export function gather(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** A parser of whole numbers from 1 to `max`. */
export function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
  };
}
