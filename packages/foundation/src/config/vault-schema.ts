import { z } from 'zod';
import { httpUrl, integer, secret, text } from './schema-fields.ts';

/** The section `vault`. */
export const vaultSchema = z.strictObject({
  address: httpUrl()
    .optional()
    .describe('Where HashiCorp Vault or OpenBao answers, for references vault:PATH#KEY'),
  token: secret().optional().describe('The token to read with'),
  role_id: secret().optional().describe('In place of a token: the AppRole to log in as'),
  secret_id: secret().optional().describe("The AppRole's secret id, where it asks for one"),
  auth_mount: text().default('approle').describe('Where the AppRole method is'),
  mount: text().default('secret').describe('Where the KV version 2 engine is'),
  namespace: text().optional().describe('The namespace of both'),
  ca_file: text().optional().describe("The authority of Vault's certificate, as PEM"),
  timeout_ms: integer(1, 60_000).default(5_000).describe('How long Vault may take to an answer'),
  refresh_interval_ms: integer(1_000, 86_400_000)
    .default(60_000)
    .describe('How often values are asked for again; a tenth more or less'),
});
