import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { RpcError } from '../../rpc-error.ts';

/**
 * The files, each after those that it imports, as a registry needs them.
 * @throws RpcError invalid_argument for an import that is not there, or that comes back to its file.
 */
export function inOrderOfImports(
  files: ReadonlyMap<string, FileDescriptorProto>,
): FileDescriptorProto[] {
  const ordered: FileDescriptorProto[] = [];
  const states = new Map<string, 'entered' | 'done'>();
  // An own stack: a chain of imports may be as long as there are files.
  const stack: { readonly name: string; readonly by: string }[] = [];
  for (const name of files.keys()) {
    stack.push({ name, by: '' });
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const file = files.get(top.name);
      if (file === undefined) throw invalid(`${top.by} imports ${top.name}, which is not there`);
      const state = states.get(top.name);
      if (state === undefined) {
        states.set(top.name, 'entered');
        for (const imported of file.dependency) {
          const known = states.get(imported);
          if (known === 'entered') throw invalid(`${top.name} and ${imported} import each other`);
          if (known === undefined) stack.push({ name: imported, by: top.name });
        }
        continue;
      }
      stack.pop();
      if (state === 'entered') {
        states.set(top.name, 'done');
        ordered.push(file);
      }
    }
  }
  return ordered;
}

function invalid(message: string): RpcError {
  return new RpcError('invalid_argument', `descriptors: ${message}`);
}
