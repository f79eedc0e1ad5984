export { Hub, type HubOptions, type ServerOffers } from './client/hub.ts';
export { hubError } from './client/hub-error.ts';
export type {
  CallOptions,
  HubServer,
  McpProgress,
  McpTool,
  ServerStatus,
  ServerView,
} from './client/hub-types.ts';
export { loopbackSignIn, type SignIn } from './client/oauth/sign-in.ts';
export type { ProjectEntry } from './client/project/project-file.ts';
export {
  answerProjectEntry,
  type ProjectPlace,
  projectEntry,
  projectServers,
} from './client/project/project-servers.ts';
export type { FieldValue, QuestionField } from './client/question-form.ts';
export type {
  CallOrigin,
  McpAnswer,
  McpQuestion,
  McpSampling,
  Questions,
} from './client/questions.ts';
export { type McpErrorName, mcpError, mcpErrorCodes } from './mcp-error.ts';
export type { CallRecord, RecordCall } from './policy/call-record.ts';
export { glob } from './policy/compile-rules.ts';
export { type ConsentQuestion, type Consents, nobodyToAsk } from './policy/consents.ts';
export { Guard, type GuardOptions } from './policy/guard.ts';
export { guarded, type ScopesOf } from './policy/guarded.ts';
export type { McpCall, ToolChange } from './policy/mcp-call.ts';
export type { Scan, Scanned } from './policy/results.ts';
export { ToolPins } from './policy/tool-pins.ts';
export { HubQuestions } from './server/hub-questions.ts';
export { servedHub } from './server/hub-served.ts';
export { type McpServerOptions, ZekeMcpServer } from './server/mcp-server.ts';
export { mergeServed } from './server/merge-served.ts';
export { type StandardIo, serveStandardIo } from './server/serve-standard-io.ts';
export type {
  McpCaller,
  Served,
  ServedContext,
  ServedPrompts,
  ServedResources,
  ServedTools,
  ToolCall,
} from './server/served.ts';
export { type McpSocketData, webSocketEndpoint } from './server/web-socket-endpoint.ts';
