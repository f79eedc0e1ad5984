import { RpcError } from '../rpc-error.ts';

/** How deep messages may be nested in JSON, as in the binary format. */
export const maxJsonDepth = 100;

/** Longer names are cut in the messages of errors. */
const maxSegmentLength = 80;

interface Fault {
  /** From the outermost message to the value: `items[3].name`, empty for the message itself. */
  readonly path: string;
  readonly reason: string;
}

/** Kept beside the error, so that there is one error class only. */
const faults = new WeakMap<RpcError, Fault>();
/** Mapping is synchronous and runs no foreign code, so one counter serves all. */
let depth = 0;

/** The error of a value that JSON and message cannot both have. */
export function jsonFault(reason: string): RpcError {
  return faultOf({ path: '', reason });
}

/** The same error, seen from the message or the list around: its path begins with `segment`. */
export function jsonFaultAt(segment: string, error: unknown): unknown {
  const fault = error instanceof RpcError ? faults.get(error) : undefined;
  if (fault === undefined) return error;
  const joint = fault.path === '' || fault.path.startsWith('[') ? '' : '.';
  return faultOf({ path: shortened(segment) + joint + fault.path, reason: fault.reason });
}

/** The segment of a map's entry. */
export function entrySegment(key: string): string {
  return `[${JSON.stringify(shortened(key))}]`;
}

/**
 * Runs the mapping of one message. An error of the outermost one gets the name of its type.
 *
 * @throws RpcError invalid_argument where messages are nested deeper than `maxJsonDepth`.
 */
export function mapOneMessage<T>(typeName: string, map: () => T): T {
  if (depth >= maxJsonDepth) {
    throw jsonFault(`messages nested deeper than ${maxJsonDepth}; that is the limit`);
  }
  depth++;
  try {
    return map();
  } catch (error) {
    throw depth === 1 ? named(typeName, error) : error;
  } finally {
    depth--;
  }
}

/** What a value is, for an error's message: short, and never a long or secret text. */
export function described(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'string':
      return value.length <= 40 ? JSON.stringify(value) : `a text of ${value.length} characters`;
    case 'number':
    case 'bigint':
    case 'boolean':
      return `${value}`;
    case 'undefined':
      return 'nothing';
    default:
      return value instanceof Uint8Array ? 'bytes' : `an ${typeof value}`;
  }
}

/** Names come from outside, and may be of any length. */
function shortened(name: string): string {
  return name.length <= maxSegmentLength ? name : `${name.slice(0, maxSegmentLength - 4)}…`;
}

function faultOf(fault: Fault): RpcError {
  const { path, reason } = fault;
  const error = new RpcError('invalid_argument', path === '' ? reason : `${path}: ${reason}`);
  faults.set(error, fault);
  return error;
}

function named(typeName: string, error: unknown): unknown {
  const fault = error instanceof RpcError ? faults.get(error) : undefined;
  if (fault === undefined) return error;
  const { path, reason } = fault;
  const place = path === '' ? typeName : `${typeName}: ${path}`;
  return new RpcError('invalid_argument', `${place}: ${reason}`);
}
