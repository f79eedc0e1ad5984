export {
  type AssistantBench,
  type AssistantBenchOptions,
  assistantBench,
  tokensOfAnswer,
} from './assistant-bench.ts';
export {
  type IssueOptions,
  localNames,
  type TestAuthority,
  type TestIdentity,
  testAuthority,
} from './test-authority.ts';
