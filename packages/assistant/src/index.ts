export type { AgentEvent, AgentUsage, Decision, TodoItem } from './agent/agent-event.ts';
export {
  type LearnedStatus,
  LocalCompleter,
  LocalCompleters,
  type LocalCompletersOptions,
  type LocalCompletion,
  type LocalCompletionRequest,
  type LocalSuggestion,
} from './completion/local/index.ts';
export type { CompactionRecord } from './context/compaction/compaction-record.ts';
export type { ContextBuilder } from './context/context-builder.ts';
export {
  type ContextBuilderOptions,
  createContextBuilder,
} from './context/create-context-builder.ts';
export {
  type CodeDiagnostic,
  type DiagnosticsReport,
  diagnosticsOf,
} from './lsp/diagnostics.ts';
export type { FoundServer } from './lsp/find-server.ts';
export { type LanguageServerSpec, serverSpecs } from './lsp/language-server-spec.ts';
export {
  type LanguageServerStatus,
  LanguageServers,
  type LanguageServersOptions,
} from './lsp/language-servers.ts';
export type { CodeLocation } from './lsp/locations.ts';
export { definitionsAt, type FoundLocations, type PlaceQuery } from './lsp/queries.ts';
export type {
  FillEvent,
  FillRequest,
  ModelClient,
  ModelEvent,
  ModelFinishReason,
  ModelInfo,
  ModelMessage,
  ModelPart,
  ModelRequest,
  ModelUsage,
} from './model/model-client.ts';
export type { Action as PermissionAction } from './permissions/action.ts';
export { type OpenProjectOptions, openProject } from './project/open-project.ts';
export type { Project } from './project/project.ts';
export {
  isWithin,
  type PathPlace,
  type ResolvedPath,
  type ResolvePathOptions,
  resolvePath,
} from './project/resolve-path.ts';
export { defineTool } from './tools/define-tool.ts';
export { lspTools } from './tools/lsp/lsp-tools.ts';
export type { FileDiff } from './tools/tool.ts';
