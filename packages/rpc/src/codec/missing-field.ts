import { RpcError } from '../rpc-error.ts';

/** The error of a message that is written without a required field. */
export function missingField(typeName: string, name: string): RpcError {
  return new RpcError('invalid_argument', `the required field ${typeName}.${name} is missing`);
}
