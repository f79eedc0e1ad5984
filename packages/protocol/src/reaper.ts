export {
  Agent,
  type AgentClient,
  type AgentHandlers,
  type ApprovalAsked,
  Decision,
  type ExecuteRequest,
  type FileDiff,
  type HookRun,
  type PlannedAction,
  StepStatus,
  StepUpdate,
  type ToolCallEnded,
} from './gen/reaper/agent_pb.ts';
export {
  Chat,
  type ChatClient,
  type ChatHandlers,
  type RunUsage,
  type SendRequest,
  SendResponse,
} from './gen/reaper/chat_pb.ts';
export {
  type CompleteRequest,
  CompleteResponse,
  Completion,
  type CompletionClient,
  type CompletionHandlers,
  FeedbackRequest_Outcome as Outcome,
} from './gen/reaper/completion_pb.ts';
export { Health, type HealthClient, type HealthHandlers } from './gen/reaper/health_pb.ts';
export {
  Provider,
  type ProviderClient,
  type ProviderHandlers,
  ProviderInfo_AuthStatus as AuthStatus,
  ProviderInfo_Status as ProviderStatus,
} from './gen/reaper/provider_pb.ts';
export {
  QuestionAction,
  type QuestionAnswer,
  type QuestionAsked,
  type QuestionField,
} from './gen/reaper/question_pb.ts';
export {
  Commit,
  type CommitClient,
  type CommitHandlers,
  type Finding,
  Review,
  type ReviewClient,
  type ReviewHandlers,
  type ReviewRequest,
  ReviewResult,
} from './gen/reaper/review_pb.ts';
export {
  Session,
  type SessionClient,
  type SessionHandlers,
  SessionInfo,
  type SessionMessage,
} from './gen/reaper/session_pb.ts';
export {
  TestGen,
  type TestGenClient,
  type TestGenHandlers,
  TestGenResult,
  TestGenUpdate,
} from './gen/reaper/testgen_pb.ts';
