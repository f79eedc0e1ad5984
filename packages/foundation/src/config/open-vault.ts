import type { VaultReader, VaultSource } from '../secrets/vault/vault-connections.ts';
import { formatFault } from './config-fault.ts';
import type { RawConfig } from './raw-config.ts';
import { resolveVault } from './resolve-vault.ts';
import { validateConfig } from './validate-config.ts';

/**
 * Opens the Vault that the section `vault` names, whose own references have been followed, before the
 * rest of the configuration is known; a text says why that cannot be.
 */
export async function openVault(
  raw: RawConfig,
  folder: string,
  source: () => Promise<VaultSource>,
): Promise<VaultReader | string> {
  const checked = validateConfig(sectionOf(raw));
  if (!checked.ok) return `Vault cannot be asked: ${checked.faults.map(formatFault).join('; ')}`;
  const faults: string[] = [];
  const fault = (key: string, message: string) => faults.push(`vault.${key}: ${message}`);
  const config = resolveVault(checked.valid.vault, folder, { fault, warn: () => {} });
  if (faults.length > 0) return `Vault cannot be asked: ${faults.join('; ')}`;
  if (config === undefined) return 'nothing says where Vault is: set vault.address';
  try {
    return await (await source()).open(config);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function sectionOf({ entries, tables }: RawConfig): RawConfig {
  const isOfVault = ([, { path }]: [string, { readonly path: readonly string[] }]) =>
    path[0] === 'vault';
  return {
    entries: new Map([...entries].filter(isOfVault)),
    tables: new Map([...tables].filter(isOfVault)),
    faults: [],
  };
}
