import { type RunningZrpc, startZrpc, type ZrpcOptions } from './zrpc-process.ts';

/** A command that takes calls, such as `zrpc mock`. */
export interface ServingZrpc extends RunningZrpc {
  /** Where, in the order of its flags. */
  readonly targets: readonly string[];
  /** The next line that matches. */
  see(pattern: RegExp): Promise<string>;
}

/** Starts a command, and waits until it listens at `places` places. */
export async function startServing(
  args: readonly string[],
  places: number,
  options: ZrpcOptions = {},
): Promise<ServingZrpc> {
  const child = startZrpc(args, options);
  const see = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const line = await child.line();
      if (line === undefined) throw new Error(`it has ended: ${await child.stderr}`);
      if (pattern.test(line)) return line;
    }
  };
  const targets: string[] = [];
  while (targets.length < places) {
    const [, target = ''] = (await see(/^listening at /)).split(/^listening at (\S+)/);
    targets.push(target);
  }
  return { ...child, targets, see };
}
