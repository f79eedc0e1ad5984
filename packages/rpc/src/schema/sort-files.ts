import type { LoadedFile } from './load-files.ts';

/**
 * The files in an order in which each comes after what it imports. An import that closes a circle
 * is reported, and left out of consideration.
 */
export function sortFiles(
  names: readonly string[],
  files: ReadonlyMap<string, LoadedFile>,
): LoadedFile[] {
  const sorted: LoadedFile[] = [];
  const states = new Map<string, 'open' | 'done'>();
  for (const name of names) visit(name, files, states, sorted);
  return sorted;
}

interface Frame {
  readonly name: string;
  readonly file: LoadedFile;
  readonly imports: readonly string[];
  next: number;
}

/** Depth first, without recursion: a chain of imports may be long. */
function visit(
  root: string,
  files: ReadonlyMap<string, LoadedFile>,
  states: Map<string, 'open' | 'done'>,
  sorted: LoadedFile[],
): void {
  const stack: Frame[] = [];
  enter(root, files, states, stack);
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const name = frame.imports[frame.next];
    if (name === undefined) {
      stack.pop();
      states.set(frame.name, 'done');
      sorted.push(frame.file);
      continue;
    }
    if (states.get(name) === 'open') reportCircle(frame, name, stack);
    else enter(name, files, states, stack);
    frame.next++;
  }
}

function enter(
  name: string,
  files: ReadonlyMap<string, LoadedFile>,
  states: Map<string, 'open' | 'done'>,
  stack: Frame[],
): void {
  const file = files.get(name);
  if (file === undefined || states.has(name)) return;
  states.set(name, 'open');
  const { dependency, optionDependency } = file.proto;
  stack.push({ name, file, imports: [...dependency, ...optionDependency], next: 0 });
}

function reportCircle({ file, next }: Frame, name: string, stack: readonly Frame[]): void {
  const { proto, parsed } = file;
  const circle = stack.slice(stack.findIndex((frame) => frame.name === name));
  const names = [...circle.map((frame) => frame.name), name].join(' imports ');
  const optionIndex = next - proto.dependency.length;
  const place =
    optionIndex < 0
      ? parsed?.places.get(proto, 'type', next)
      : parsed?.places.get(proto, 'end', optionIndex);
  parsed?.source.report(place, `a circle of imports: ${names}; break it`);
}
