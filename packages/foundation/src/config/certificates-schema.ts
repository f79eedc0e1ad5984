import { z } from 'zod';
import { grantNames } from './auth-config.ts';
import { choice, text } from './schema-fields.ts';

/** The table of a rule for certificates of clients. */
export const certificateRuleSchema = z.strictObject({
  subject: text()
    .optional()
    .describe('Attributes that the subject has, such as CN=ci,O=Corp; a value may hold one *'),
  san: text()
    .optional()
    .describe(
      'A subject alternative name with its kind, such as URI:spiffe://corp/ci or DNS:*.corp; it may hold one *',
    ),
  fingerprint: text().optional().describe('SHA-256 of the certificate, in hexadecimal'),
  key: text().optional().describe('The id of the key that the certificate stands for'),
  org: text().optional().describe('The organisation of user and team, by name or id'),
  user: text().optional().describe('The user, by name or id; * is what * stood for in the pattern'),
  team: text().optional().describe('The team, by name or id; without a user, a program of it'),
  grants: z
    .array(choice(grantNames), { error: `it must be a list of ${grantNames.join(', ')}` })
    .min(1, 'the list is empty')
    .optional()
    .describe('What user or team may: call models, use the admin API as far as the role reaches'),
  tier: text().optional().describe('By whose rates user or team are limited'),
});
