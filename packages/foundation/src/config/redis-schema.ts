import { z } from 'zod';
import { integer, secret, text } from './schema-fields.ts';

/** What replicas share limits, budgets, cache and news through. */
export const redisSchema = z.strictObject({
  url: secret()
    .optional()
    .describe('redis://user@host:6379/0, rediss:// for TLS: what replicas share; off without it'),
  password: secret().optional().describe('In place of one in the address'),
  key_prefix: text()
    .max(100, 'it has more than 100 characters')
    .default('zeke:')
    .describe('What all keys begin with; alike on all replicas'),
  timeout_ms: integer(5, 10_000)
    .default(50)
    .describe('How long a reply may take before Redis counts as lost, for a while'),
  expected_replicas: integer(1, 1_000)
    .default(1)
    .describe('By how many limits are shared while Redis is lost, where fewer are known'),
});
