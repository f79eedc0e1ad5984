import { z } from 'zod';
import { choice, flag, integer, list, map, positive, text } from './schema-fields.ts';

/** How much an agent may do without asking. */
export const agentModes = ['plan', 'ask', 'auto-edit', 'full'] as const;

/** The table of a language server. */
export const languageServerSchema = z.strictObject({
  enabled: flag().default(true).describe('False: it is never started'),
  command: list()
    .optional()
    .describe('The program, found as a shell would find it, and its arguments'),
  extensions: z
    .array(z.string().regex(/^\.[^./]+$/, 'it must be a file extension with its dot, as .ts'), {
      error: 'it must be a list of file extensions, as .ts',
    })
    .optional()
    .describe('The files that it is for; a server that zeke knows has them'),
});

/** The table `[assistant]`. */
export const assistantSchema = z.strictObject({
  enabled: flag().default(true).describe('Whether chat, agent and completion are served'),
  model: text().default('auto').describe('The model of chat and agent'),
  small_model: text()
    .optional()
    .describe('The model of summaries and commit messages; else assistant.model'),
  completion_model: text()
    .optional()
    .describe(
      'The model of completions at the cursor; without it they are local, and cost nothing',
    ),
  mode: choice(agentModes)
    .optional()
    .describe('How much an agent may do without asking; else files of permissions say, or ask'),
  max_steps: integer(1, 10_000).default(50).describe('Answers of the model in one run'),
  budget_usd: positive(1_000_000).optional().describe('What one run may cost'),
  verify: z
    .array(text())
    .max(20)
    .default([])
    .describe('Commands that have to succeed before a task counts as done, as in "npm test"'),
  completion_cache_entries: integer(0, 1_000_000)
    .default(10_000)
    .describe('Completions of models that are kept; 0: none'),
  completion_cache_ttl_s: integer(1, 2_592_000)
    .default(3_600)
    .describe('How long a completion is kept'),
  run_project_code: flag()
    .default(false)
    .describe(
      'Whether language servers may run what came with a repository; what was installed beside its files they may always',
    ),
  keep_sessions_days: integer(0, 36_500)
    .default(90)
    .describe('Sessions that were not used for so long are deleted; 0: none'),
  lsp: map(languageServerSchema)
    .default({})
    .describe(
      'Tables of language servers, by name: more of them, or other commands for known ones',
    ),
});
