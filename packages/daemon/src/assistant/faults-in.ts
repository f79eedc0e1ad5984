import { relative, resolve } from 'node:path';
import { diagnosticsOf, type LanguageServers, type Project } from '@zeke/assistant';

export interface FaultsQuery {
  readonly project: Project;
  /** Absolute, or relative to the project's root. */
  readonly paths: readonly string[];
  readonly signal: AbortSignal;
}

/** Errors that are told of one change: a model that sees these sees what kind of thing is wrong. */
const maxTold = 20;

/** Errors that language servers see in files, a line each; undefined: none, or nobody to say so. */
export async function faultsIn(
  servers: LanguageServers,
  { paths, project, signal }: FaultsQuery,
): Promise<string | undefined> {
  const absolute = paths.map((path) => resolve(project.root, path));
  const { diagnostics } = await diagnosticsOf(servers, project, absolute, signal);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return undefined;
  const lines = errors.slice(0, maxTold).map(({ message, path, span }) => {
    const { column, line } = span.start;
    return `${relative(project.root, path)}:${line}:${column}: ${message}`;
  });
  const rest = errors.length - maxTold;
  return [...lines, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n');
}
