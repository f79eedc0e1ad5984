export {
  type IssueOptions,
  localNames,
  type TestAuthority,
  type TestIdentity,
  testAuthority,
} from './test-authority.ts';
