/**
 * The steps of `loadConfig`, in one module of its own: it brings zod and the TOML parser, which
 * nobody should load who does not read a configuration.
 */
export { configKeys } from './config-keys.ts';
export { followReferences } from './follow-references.ts';
export { listEntries } from './list-entries.ts';
export { overlayEnvironment } from './read-environment.ts';
export { readToml } from './read-toml.ts';
export { resolveConfig } from './resolve-config.ts';
export { spreadApiKeys } from './spread-api-keys.ts';
export { validateConfig } from './validate-config.ts';
