export { type AnthropicEmulatorOptions, startAnthropicEmulator } from './anthropic/emulator.ts';
export { type ClaudeModel, claudeModels } from './anthropic/models.ts';
export { type AzureEmulatorOptions, startAzureEmulator } from './azure/emulator.ts';
export {
  type BedrockEmulatorOptions,
  emulatedAwsCredentials,
  startBedrockEmulator,
} from './bedrock/bedrock.ts';
export {
  type CompatibleEmulatorOptions,
  compatibleModels,
  startCompatibleEmulator,
} from './compatible/emulator.ts';
export { startGeminiEmulator } from './gemini/gemini.ts';
export type { AwsCredentials } from './identity/aws-credentials.ts';
export type { EntraApplication } from './identity/entra.ts';
export type { GoogleUser } from './identity/google-token.ts';
export {
  type IdentityEmulator,
  type IdentityEmulatorOptions,
  startIdentityEmulator,
} from './identity/identity.ts';
export type { ServiceAccountKey } from './identity/service-account.ts';
export type { Brain, Prompt, Reply, ToolSpec, Turn } from './kit/brain.ts';
export { defaultBrain } from './kit/default-brain.ts';
export type { Emulator, EmulatorOptions, Fault, RecordedRequest } from './kit/emulator.ts';
export { type OllamaEmulatorOptions, startOllamaEmulator } from './ollama/emulator.ts';
export { type OllamaModel, ollamaModels } from './ollama/models.ts';
export { type OpenAiEmulatorOptions, startOpenAiEmulator } from './openai/emulator.ts';
export { type ModelEntry, openAiModels } from './openai/models.ts';
export {
  startVaultEmulator,
  type VaultEmulator,
  type VaultEmulatorOptions,
} from './vault/vault.ts';
export type { VaultAppRole, VaultToken } from './vault/vault-tokens.ts';
export { startVertexEmulator, type VertexEmulatorOptions } from './vertex/vertex.ts';
export { startXaiEmulator, xaiModels } from './xai/emulator.ts';
