import type { DescMessage } from '@bufbuild/protobuf';
import { RpcError } from '../../rpc-error.ts';

/**
 * @throws RpcError invalid_argument where two fields of a message would have one name in TypeScript,
 *   as `foo_bar` and `fooBar` have.
 */
export function checkNames(desc: DescMessage): void {
  const names = new Map<string, string>();
  for (const { localName, name } of desc.members) {
    const other = names.get(localName);
    if (other !== undefined) {
      throw new RpcError(
        'invalid_argument',
        `message ${desc.typeName}: ${other} and ${name} are both ${localName} in TypeScript; rename one`,
      );
    }
    names.set(localName, name);
  }
}
