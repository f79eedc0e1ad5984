import { z } from 'zod';
import { nearest } from '../text/nearest.ts';
import { type ConfigFault, formatPath } from './config-fault.ts';
import { originOf, type RawConfig, type RawTree, toTree } from './raw-config.ts';
import { readTextValues } from './read-text-values.ts';
import { providerTypes } from './resolved-config.ts';
import { configSchema, type ValidConfig } from './schema.ts';
import { schemaAt, valueAt } from './schema-at.ts';

export type ValidateResult =
  | { readonly ok: true; readonly valid: ValidConfig }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

/** Checks the whole configuration and tells every fault with its place. */
export function validateConfig(raw: RawConfig): ValidateResult {
  const tree = toTree(raw);
  readTextValues(tree);
  // Parsers that are generated pay off from the second value on; a start has one.
  const result = configSchema.safeParse(tree, { jitless: true });
  if (result.success) return { ok: true, valid: result.data };
  return { ok: false, faults: result.error.issues.flatMap((issue) => faultsOf(issue, raw, tree)) };
}

function faultsOf(issue: z.core.$ZodIssue, raw: RawConfig, tree: RawTree): ConfigFault[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [fault(raw, path, messageOf(issue, path, tree))];
  return issue.keys.map((key) => {
    const known = nearest(key, knownKeys(path, tree), 1)[0];
    const hint = known === undefined ? '' : `; did you mean ${known}?`;
    return fault(raw, [...path, key], `there is no such key${hint}`);
  });
}

function fault(raw: RawConfig, path: readonly string[], message: string): ConfigFault {
  return { origin: originOf(raw, path), path: formatPath(path), message };
}

function messageOf(issue: z.core.$ZodIssue, path: readonly string[], tree: RawTree): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  const value = valueAt(tree, path);
  if (path[0] === 'providers' && (issue.code === 'invalid_union' || path[2] === 'type')) {
    const types = providerTypes.join(', ');
    if (value === undefined) return `it is missing; it must be one of ${types}`;
    const near = typeof value === 'string' ? nearest(value, providerTypes, 1)[0] : undefined;
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return `it must be one of ${types}${hint}`;
  }
  if (value === undefined) return 'it is missing';
  if (issue.code === 'invalid_type' && !issue.message.startsWith('it ')) {
    return `it must be ${article(issue.expected)}`;
  }
  return issue.message;
}

function article(expected: string): string {
  switch (expected) {
    case 'string':
      return 'text';
    case 'object':
    case 'record':
      return 'a table';
    default:
      return `a ${expected}`;
  }
}

function knownKeys(path: readonly string[], tree: RawTree): string[] {
  const schema = schemaAt(path, tree);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
