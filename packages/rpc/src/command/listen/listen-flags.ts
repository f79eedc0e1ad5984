import { type Command, Option } from 'commander';
import { gather } from '../flags.ts';
import { defaultPlace, listenForms } from './listen-target.ts';

/** The flags that say where calls are taken, with a short one for each way. */
export function withListenShortcuts(command: Command): Command {
  return withListen(command)
    .addOption(listenOption('--uds <path>', 'own frames on a Unix socket'))
    .addOption(listenOption('--ws <place>', 'own frames over WebSocket'))
    .addOption(listenOption('--http <place>', 'Connect and gRPC-Web'));
}

/** The flags that say where calls are taken. */
export function withListen(command: Command): Command {
  return command
    .optionsGroup('Listen (places may stand often):')
    .addOption(listenOption('--listen <place>', `any of the places below; ${defaultPlace}`))
    .option('--tls-cert <file>', 'the certificate of encrypted places (PEM)')
    .option('--tls-key <file>', 'and its key (PEM)')
    .option('--tls-client-ca <file>', 'clients must have a certificate that this one signed (PEM)');
}

/** The part of the help that explains places. */
export const listenHelp: string = `\nPlaces:\n${listenForms.replace(/^/gm, '  ')}`;

function listenOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(gather);
}
