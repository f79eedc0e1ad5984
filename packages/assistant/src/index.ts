export { Agent } from './agent/agent.ts';
export { type AgentDefinition, ownAgents } from './agent/agent-definition.ts';
export type { AgentEvent, AgentUsage, Decision, TodoItem } from './agent/agent-event.ts';
export type { AgentOptions, AgentTools, RunRequest, SessionPlace } from './agent/agent-options.ts';
export { OpenQuestions } from './agent/open-questions.ts';
export type { PermissionJudge, Verdict } from './agent/permission-judge.ts';
export type { RunLimits } from './agent/run-budget.ts';
export { sweepWorktrees } from './agent/sweep-worktrees.ts';
export { Chat, type ChatOptions, type ChatRequest, type ChatUpdate } from './chat/chat.ts';
export type { ChatMessage } from './chat/chat-messages.ts';
export { Completer, type CompleterOptions, type CompleterStatus } from './completion/completer.ts';
export type {
  Completion,
  CompletionOutcome,
  CompletionRequest,
  CompletionSource,
  EditorContext,
  RelatedText,
  RelatedTexts,
} from './completion/completion.ts';
export {
  type LearnedStatus,
  LocalCompleter,
  LocalCompleters,
  type LocalCompletersOptions,
  type LocalCompletion,
  type LocalCompletionRequest,
  type LocalSuggestion,
} from './completion/local/index.ts';
export { RelatedDefinitions } from './completion/related-definitions.ts';
export type { CompactionRecord } from './context/compaction/compaction-record.ts';
export { ImportedDefinitions } from './context/completion/imported-definitions.ts';
export type { ContextBuilder } from './context/context-builder.ts';
export {
  type ContextBuilderOptions,
  createContextBuilder,
} from './context/create-context-builder.ts';
export type { MentionSources } from './context/mentions/mention-sources.ts';
export { type FoundReference, findReferences } from './context/search/find-references.ts';
export { type ProjectContextRequest, projectContext } from './context/search/project-context.ts';
export { type CodeSearch, type FoundCode, searchCode } from './context/search/search-code.ts';
export type { Extensions, SlashCommand } from './extensions/extensions.ts';
export { type LoadExtensionsOptions, loadExtensions } from './extensions/load-extensions.ts';
export { skillTools } from './extensions/skill-tool.ts';
export { listCommands, modeOfCommand, takeCommand } from './extensions/take-command.ts';
export type { Hook, HookReport, LoadedHooks } from './hooks/hook.ts';
export { HookHost, type HookHostOptions } from './hooks/hook-host.ts';
export { hashToTrust, loadHooks, trustHooks } from './hooks/load-hooks.ts';
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
export { type PermissionMode, permissionModes } from './permissions/mode.ts';
export {
  type Judgement,
  type ListedRule,
  Permissions,
  type PermissionsOptions,
} from './permissions/permissions.ts';
export { showOrigin } from './permissions/rule.ts';
export type { SandboxSettings } from './permissions/rules-file.ts';
export { type OpenProjectOptions, openProject } from './project/open-project.ts';
export type { Project } from './project/project.ts';
export {
  isWithin,
  type PathPlace,
  type ResolvedPath,
  type ResolvePathOptions,
  resolvePath,
} from './project/resolve-path.ts';
export type { CodeIndex, CodeIndexStats } from './project-index/code-index.ts';
export { CodeIndexes, type CodeIndexesOptions } from './project-index/code-indexes.ts';
export { type SymbolSearch, searchSymbols } from './project-index/search-symbols.ts';
export type { Definition, SymbolTable } from './project-index/symbol-table.ts';
export { commitMessage } from './review/commit-message.ts';
export type { Finding } from './review/finding.ts';
export {
  type Change,
  type ChangeText,
  type ReadChangeOptions,
  readChange,
  recentSubjects,
} from './review/read-change.ts';
export { type ReviewEvent, review } from './review/review.ts';
export { describeSandbox, type FoundSandbox, findSandbox } from './sandbox/find-sandbox.ts';
export { type NumberedEvent, RunRegistry } from './service/run-registry.ts';
export {
  SessionPermissions,
  type SessionPermissionsOptions,
} from './service/session-permissions.ts';
export { exportJson, exportMarkdown } from './sessions/export-session.ts';
export { foldEntries } from './sessions/fold-entries.ts';
export { sessionMigrations } from './sessions/migrations.ts';
export {
  type ChangeReport,
  SessionChanges,
  type SessionChangesOptions,
} from './sessions/session-changes.ts';
export type { EntryData, SessionEntry } from './sessions/session-entry.ts';
export {
  type ListSessions,
  type Session,
  type SessionInfo,
  SessionStore,
  type SessionStoreOptions,
} from './sessions/session-store.ts';
export type { SessionTables } from './sessions/tables.ts';
export { type CollectOptions, Snapshots, type SnapshotsOptions } from './snapshots/snapshots.ts';
export { type SweepSnapshotsOptions, sweepSnapshots } from './snapshots/sweep-snapshots.ts';
export { testGenAgentView } from './testgen/agent-view.ts';
export {
  generateTests,
  type TestGenEvent,
  type TestGenOptions,
  type TestGenRequest,
} from './testgen/generate-tests.ts';
export { defineTool } from './tools/define-tool.ts';
export { fileTools } from './tools/files/file-tools.ts';
export { ProjectFiles } from './tools/files/project-files.ts';
export { gitTools } from './tools/git/git-tools.ts';
export { gitReader, type ReadGit } from './tools/git/read-git.ts';
export { lspTools } from './tools/lsp/lsp-tools.ts';
export { CallQuestions } from './tools/mcp/call-questions.ts';
export { mcpResourceTools } from './tools/mcp/mcp-resource-tools.ts';
export { mcpTools } from './tools/mcp/mcp-tools.ts';
export { noteTools } from './tools/notes/note-tools.ts';
export { searchTools } from './tools/search/search-tools.ts';
export { ShellHost, type ShellHostOptions } from './tools/shell/shell-host.ts';
export { shellTools } from './tools/shell/shell-tools.ts';
export type { FileDiff, Tool, ToolOutput } from './tools/tool.ts';
export { fetchPageText } from './tools/web/page-text.ts';
export { webTools } from './tools/web/web-tools.ts';
export { type AiComment, showComment } from './watch/ai-comment.ts';
export {
  type CommentTask,
  CommentWatch,
  type CommentWatchOptions,
  type SettledTask,
  type TaskOutcome,
} from './watch/comment-watch.ts';
