import type { RpcError } from '@zeke/rpc';
import type { z } from 'zod';
import { apiError } from '../neutral/api-error.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

interface Fault {
  path: Path;
  message: string;
}

/**
 * What a caller sent, as the schema, which is made with `lazily`, types it. Throws `invalid_argument` for its first fault, whose
 * path is the `param`: `messages[2].content`. `at` is where the value stands in the body.
 */
export function parseRequest<Schema extends z.ZodType>(
  schema: () => Schema,
  value: unknown,
  at: Path = [],
): z.output<Schema> {
  const result = schema().safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const fault = issue ? deepestFault(issue, at) : { path: at, message: 'is not valid' };
  throw requestFault(fieldPath(fault.path), fault.message);
}

/** `invalid_argument` about one field, by its path; `''` is the body itself. */
export function requestFault(param: string, message: string): RpcError {
  return apiError(
    'invalid_argument',
    `${param || 'the request body'}: ${message}`,
    param ? { param } : {},
  );
}

/** `['messages', 2, 'content', 0, 'type']` → `messages[2].content[0].type`. */
function fieldPath(path: Path): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}

/**
 * A union fails with the faults of all its branches. The one that the caller meant is the branch
 * that came farthest; of those that came as far, one whose `type` fits.
 */
function deepestFault(issue: Issue, base: Path): Fault {
  const path = [...base, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) {
    return { path, message: sentence(issue) };
  }
  const faults = issue.errors.flatMap((branch) =>
    branch[0] === undefined ? [] : [deepestFault(branch[0], path)],
  );
  let best: Fault = { path, message: 'is not valid' };
  for (const fault of faults) if (rank(fault) > rank(best)) best = fault;
  if (best.path.length > path.length) return best;
  return { path, message: [...new Set(faults.map(({ message }) => message))].join(', or ') };
}

function rank({ path }: Fault): number {
  return path.length * 2 + (path.at(-1) === 'type' ? 0 : 1);
}

function sentence({ message }: Issue): string {
  const text = message.replace(/^(Invalid input|Invalid option): /, '');
  return text.endsWith('received undefined') ? `is required (${text.split(',')[0]})` : text;
}
