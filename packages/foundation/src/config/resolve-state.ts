import { Secret } from '../secrets/secret.ts';
import type { ResolvedConfig } from './resolved-config.ts';
import type { ValidConfig } from './schema.ts';

const dayMs = 86_400_000;
const bytesPerKilobyte = 1_024;
const bytesPerMegabyte = 1_048_576;

/** What is wrong, and where. */
export type StateRemark = (path: readonly string[], message: string) => void;

/** The rules between keys of `[ledger]` and `[content]`. */
export function checkState({ content, ledger }: ValidConfig, fault: StateRemark): void {
  const { keep_days: rows, keep_usage_days: usage } = ledger;
  if (usage !== 0 && (rows === 0 || rows > usage)) {
    fault(['ledger', 'keep_usage_days'], 'sums are kept for as long as rows: it must not be less');
  }
  const listed = content.keys.length + content.orgs.length + content.projects.length;
  if (content.keep === 'listed' && listed === 0) {
    fault(
      ['content', 'keep'],
      'nobody is listed: name content.keys, content.orgs or content.projects',
    );
  }
  if (content.keep !== 'listed' && listed > 0) {
    fault(['content', 'keep'], 'there are lists, which count only with keep = "listed"');
  }
}

/** The state's own sections; `url` is the database's, with an absolute path. */
export function resolveState(
  { audit, content, ledger, storage }: ValidConfig,
  url: string,
): Pick<ResolvedConfig, 'storage' | 'ledger' | 'audit' | 'content'> {
  return {
    storage: {
      url: new Secret(url),
      outageGraceMs: storage.outage_grace_s * 1_000,
      spoolMaxBytes: Math.floor(storage.spool_max_mb * bytesPerMegabyte),
    },
    ledger: {
      flushIntervalMs: ledger.flush_interval_ms,
      keepDays: ledger.keep_days,
      keepUsageDays: ledger.keep_usage_days,
      whenFull: ledger.when_full,
    },
    audit: { keepDays: audit.keep_days },
    content: {
      keep: content.keep,
      keys: content.keys,
      orgs: content.orgs,
      projects: content.projects,
      keepMs: content.keep_days * dayMs,
      maxBytes: content.max_kb * bytesPerKilobyte,
      ...(content.encryption_key === undefined
        ? {}
        : { encryptionKey: new Secret(content.encryption_key) }),
    },
  };
}
