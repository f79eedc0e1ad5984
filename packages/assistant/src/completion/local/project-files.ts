import { listFiles } from '../../project-index/list-files.ts';
import { languageOf } from './languages.ts';

/** Files of a project that are looked at; the rest is not learned from. */
export const maxProjectFiles = 20_000;

/**
 * Paths of a project's files that may be learned from, relative to its root. `isCut` where there are more.
 * Throws as `listFiles` does.
 */
export async function listProjectFiles(
  root: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ paths: string[]; isCut: boolean }> {
  const { isCut, paths } = await listFiles(root, environment, signal);
  const worthwhile = paths.filter(isWorthLearning);
  return {
    paths: worthwhile.slice(0, maxProjectFiles),
    isCut: isCut || worthwhile.length > maxProjectFiles,
  };
}

/** By its path alone: inside the project, of a known language, and not generated. */
export function isWorthLearning(path: string): boolean {
  const isInside = !path.startsWith('/') && !path.split('/').includes('..');
  return isInside && languageOf(path) !== undefined && !generatedPaths.test(path);
}

/** Vendored, built or locked: not what anybody types. */
const generatedPaths =
  /(^|\/)(node_modules|vendor|third_party|dist|coverage|gen|generated|__generated__|__snapshots__|\.git|\.next|\.?venv)\/|\.min\.|\.(lock|map|snap|pb\.go|designer\.cs)$|[._]pb2?(_grpc)?\.(ts|js|py)$|[.-]lock\.(json|yaml)$|\.gen\.|\.generated\./;
