import { forEachChild, type SyntaxNode } from 'unbash';
import type { Folders } from './shell-part.ts';
import { isKnown } from './shell-word.ts';

/** Over this many it is not known where one stands. */
const maxFolders = 8;

/** Where `cd` leads with these arguments, if it works. */
export function changeFolder(
  cwds: Folders,
  args: readonly string[],
  home: string | undefined,
): Folders {
  const rest = args.filter((each) => !/^-(?:[PLe@]+|-)$/.test(each));
  if (rest.length > 1) return undefined;
  const target = rest[0] ?? home;
  if (target === undefined || !isKnown(target) || target === '-') return undefined;
  if (target.startsWith('/')) return [target];
  return cwds?.map((cwd) => (target === '' ? cwd : `${cwd}/${target}`));
}

export function joinFolders(left: Folders, right: Folders): Folders {
  if (left === undefined || right === undefined) return undefined;
  const all = [...new Set([...left, ...right])];
  return all.length > maxFolders ? undefined : all;
}

/** True where something in it may change the working folder of the shell that runs it. */
export function movesFolder(node: SyntaxNode): boolean {
  if (node.type === 'Subshell' || node.type === 'CommandExpansion') return false;
  if (node.type === 'ProcessSubstitution') return false;
  if (node.type === 'Pipeline' && node.commands.length > 1) return false;
  if (node.type === 'Command' && movers.has(node.name?.value ?? '')) return true;
  let moves = false;
  forEachChild(node, (child) => {
    moves ||= movesFolder(child);
  });
  return moves;
}

const movers = new Set(['cd', 'pushd', 'popd', 'eval', 'source', '.', 'command', 'builtin']);
