import type { CodeIndex } from '../../project-index/code-index.ts';
import { ProjectMap } from '../map/project-map.ts';
import { estimateTokens } from '../tokens/estimate-tokens.ts';
import { searchCode } from './search-code.ts';

export interface ProjectContextRequest {
  /** What is to be done or answered. */
  readonly question: string;
  /** For all of it. Default 8,000. */
  readonly maxTokens?: number;
}

const defaultTokens = 8_000;
/** Of the tokens: what the map takes. */
const mapShare = 0.3;
const maxStretches = 30;
const frameTokens = 12;

/**
 * What a model would be shown of a project for a question, as text: a map of it, then the stretches of code
 * that fit the question best. Throws `canceled`.
 */
export async function projectContext(
  index: CodeIndex,
  { question, maxTokens = defaultTokens }: ProjectContextRequest,
  signal: AbortSignal,
): Promise<string> {
  const map = await new ProjectMap(index).render(
    {
      paths: [],
      words: new Set(question.match(/[\p{L}_$][\p{L}\p{N}_$./-]*/gu) ?? []),
      maxTokens: Math.floor(maxTokens * mapShare),
      countTokens: estimateTokens,
    },
    signal,
  );
  const parts = [`# Map\n\n${map}`];
  let room = maxTokens - estimateTokens(map);
  for (const found of await searchCode(index, { query: question, limit: maxStretches }, signal)) {
    const tokens = estimateTokens(found.text) + frameTokens;
    if (tokens > room) continue;
    room -= tokens;
    parts.push(`# ${found.path}:${found.firstLine}-${found.lastLine}\n\n${found.text}`);
  }
  return parts.join('\n\n');
}
