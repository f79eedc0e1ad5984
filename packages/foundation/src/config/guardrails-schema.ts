import { z } from 'zod';
import {
  guardrailActions,
  guardrailDirections,
  guardrailTypes,
  personalDataKinds,
  policyEffects,
} from './guardrails-config.ts';
import { choice, flag, httpUrl, integer, list, secret, text } from './schema-fields.ts';

const maxCount = 1_000_000_000;

/** For whose requests a rule holds, alike for guardrails and policies. */
const scopeKeys = {
  keys: list().optional().describe('Ids of keys that it holds for; else for all'),
  teams: list().optional().describe('Ids of teams that it holds for; else for all'),
  orgs: list().optional().describe('Ids of organisations that it holds for; else for all'),
  models: list()
    .optional()
    .describe('Models that it holds for, as provider/model or model, * for any text; else for all'),
  providers: list().optional().describe('Providers that it holds for; else for all'),
};

/** The table of a guardrail. */
export const guardrailSchema = z.strictObject({
  type: choice(guardrailTypes).describe('What it looks for, or webhook'),
  direction: choice(guardrailDirections)
    .default('both')
    .describe('Whether requests, answers or both are looked at'),
  action: choice(guardrailActions)
    .default('block')
    .describe('What becomes of a finding: refused, replaced by its kind, or only told'),
  ...scopeKeys,
  except: list().optional().describe('For secrets: kinds to leave out, * for any text'),
  kinds: z
    .array(choice(personalDataKinds), {
      error: `it must be a list of ${personalDataKinds.join(', ')}`,
    })
    .min(1, 'the list is empty')
    .optional()
    .describe('For personal_data: what is looked for; else all of it'),
  words: list().optional().describe('For deny_list: whole words, or texts of several'),
  patterns: list()
    .optional()
    .describe('For deny_list: regular expressions of the kind that RE2 has'),
  ignore_case: flag().optional().describe('For deny_list: A is a; true unless told otherwise'),
  max_characters: integer(1, maxCount).optional().describe('For max_size: characters of all texts'),
  max_tokens: integer(1, maxCount).optional().describe('For max_size: tokens of a request'),
  max_messages: integer(1, maxCount).optional().describe('For max_size: messages of a request'),
  url: httpUrl().optional().describe('For webhook: where texts are sent, as JSON'),
  secret: secret()
    .optional()
    .describe('For webhook: signs what is sent, in the header x-zeke-signature'),
  timeout_ms: integer(1, 60_000).optional().describe('For webhook: how long it may take; 2000'),
  on_failure: choice(['block', 'allow'])
    .optional()
    .describe('For webhook: what becomes of a request when it does not answer well; block'),
});

/** The table of a policy. */
export const policySchema = z.strictObject({
  effect: choice(policyEffects).describe('What becomes of requests that it fits'),
  ...scopeKeys,
  tools: list().optional().describe('Tools that a request offers or a model calls, * for any text'),
  data: list()
    .optional()
    .describe('What guardrails have found: their types, such as personal_data, or kinds'),
  reason: text().optional().describe('What callers are told'),
});
