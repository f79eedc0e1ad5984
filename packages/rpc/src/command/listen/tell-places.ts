import type { Context } from '../context.ts';
import { isPublic, type ListenTarget } from './listen-target.ts';
import type { OpenListeners } from './open-listeners.ts';

/** Says where to call, and who else could. */
export function tellPlaces(
  { output }: Context,
  targets: readonly ListenTarget[],
  { list }: OpenListeners,
): void {
  const width = Math.max(...list.map(({ target }) => target.length));
  for (const { target, protocol } of list) {
    output.line(
      `listening at ${output.styles.cyan(target.padEnd(width))}  ${output.styles.dim(protocol)}`,
    );
  }
  if (!targets.some(isPublic)) return;
  output.note(output.noteStyles.yellow('other machines can call it: nobody is asked who they are'));
}
