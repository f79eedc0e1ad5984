export {
  type Hook,
  hashToTrust,
  type LoadedHooks,
  loadHooks,
  openProject,
  trustHooks,
} from '@zeke/assistant';
