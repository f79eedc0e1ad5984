import type { Command } from 'commander';

/**
 * `zeke rpc`, which has its place here for the help alone: `run` hands its arguments on as they are.
 */
export function addRpc(program: Command): void {
  program
    .command('rpc')
    .description('talk to RPC servers: call, list, describe, bench and more')
    .argument('[arguments...]')
    .addHelpText('after', '\nzeke rpc --help shows its commands.');
}
