import { RpcError } from '../rpc-error.ts';
import { looksLikeTarget } from './target/target.ts';

/** A command line's arguments, its target apart from the rest. */
export interface SplitArguments {
  readonly target: string | undefined;
  /** Filled up with undefined. */
  readonly rest: readonly (string | undefined)[];
}

/**
 * Takes the target off the arguments, where the first is one; `names` are those that may follow.
 * @throws RpcError invalid_argument for too many.
 */
export function splitArguments(args: readonly string[], names: readonly string[]): SplitArguments {
  const [first = ''] = args;
  const hasTarget = looksLikeTarget(first);
  const rest = hasTarget ? args.slice(1) : args;
  const misplaced = rest.find((argument) => /^[a-z0-9+]+:\/\//i.test(argument));
  if (misplaced !== undefined) {
    throw new RpcError('invalid_argument', `${misplaced}: the target is the first argument`);
  }
  const surplus = rest[names.length];
  if (surplus === undefined) return { target: hasTarget ? first : undefined, rest };
  const shown = surplus.length > 40 ? `${surplus.slice(0, 40)}…` : surplus;
  throw new RpcError(
    'invalid_argument',
    `${shown} is one argument too many: after the target come ${names.join(' and ')}; put what has blanks into quotes`,
  );
}
