export {
  describeSandbox,
  findSandbox,
  openProject,
  type PermissionMode,
  Permissions,
  showOrigin,
} from '@zeke/assistant';
