import { z } from 'zod';
import { choice, integer, positive, secret, text } from './schema-fields.ts';

/** A hundred years. */
const maxDays = 36_500;

const names = () => z.array(text(), { error: 'it must be a list of names' }).default([]);

/** Where the state is, and for how long its loss is survived. */
export const storageSchema = z.strictObject({
  url: secret()
    .default('sqlite:zeke.db')
    .describe('sqlite:<file>, relative to $ZEKE_HOME, or postgres://user@host/database'),
  outage_grace_s: integer(0, 86_400)
    .default(600)
    .describe('While the database is away: how long a key it has confirmed goes on being let in'),
  spool_max_mb: positive(1_048_576)
    .default(256)
    .describe('The disk that rows of the ledger may take meanwhile, in MiB'),
});

/** How the ledger is written and for how long it is kept. */
export const ledgerSchema = z.strictObject({
  flush_interval_ms: integer(1, 10_000)
    .default(40)
    .describe('How long a finished row may wait to be written with others'),
  keep_days: integer(0, maxDays).default(90).describe('How long rows are kept; 0: for good'),
  keep_usage_days: integer(0, maxDays)
    .default(1_100)
    .describe('How long their sums by hour are kept, which reports are made of; 0: for good'),
  when_full: choice(['refuse', 'drop'])
    .default('refuse')
    .describe(
      'Where neither database nor disk takes rows: refuse requests, or lose the oldest rows',
    ),
});

/** For how long the audit log is kept. */
export const auditSchema = z.strictObject({
  keep_days: integer(0, maxDays).default(400).describe('How long entries are kept; 0: for good'),
});

/** Whose prompts and answers are kept, and for how long. */
export const contentSchema = z.strictObject({
  keep: choice(['nothing', 'listed', 'everything'])
    .default('nothing')
    .describe('Whose prompts and answers are kept: of nobody, of those listed here, of all'),
  keys: names().describe('Ids of keys whose prompts and answers are kept'),
  orgs: names().describe('Ids of organisations'),
  projects: names().describe('Projects, as x-project names them'),
  keep_days: integer(1, maxDays).default(30).describe('How long they are kept'),
  encryption_key: secret()
    .optional()
    .describe(
      'What they are sealed with: 32 bytes in base64 or hex, alike on replicas; else one is made',
    ),
  max_kb: integer(1, 65_536)
    .default(256)
    .describe('As much of a prompt, and of an answer, is kept; the rest is cut off'),
});
