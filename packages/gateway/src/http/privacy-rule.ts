import { type Exchange, tagsOf } from './exchange.ts';
import type { Services } from './services.ts';

const projectTag = 'project=';

/**
 * The rule by which no provider elsewhere may be asked for a request, as it is told; undefined where
 * there is none. One rule is enough: no other can lift it.
 */
export function privacyRule({ privacy }: Services, exchange: Exchange): string | undefined {
  if (privacy.localOnly) return 'routing.privacy';
  const { caller, localOnly } = exchange;
  if (caller.privacy === 'local_only') return `the privacy of the key ${caller.keyId}`;
  if (privacy.localOnlyProjects.size > 0) {
    exchange.tags ??= tagsOf(exchange);
    for (const tag of exchange.tags) {
      const project = tag.startsWith(projectTag) ? tag.slice(projectTag.length) : '';
      if (privacy.localOnlyProjects.has(project)) return `projects.${project}.privacy`;
    }
  }
  return localOnly ? 'omen.privacy' : undefined;
}
