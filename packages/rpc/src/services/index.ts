export {
  type CallData,
  type ConnectionData,
  createDebug,
  type Debug,
  type DebugData,
  type DebugOptions,
  type FailureData,
} from './debug/debug.ts';
export { debugPage } from './debug/debug-page.ts';
export {
  createHealth,
  type Health,
  type HealthOptions,
  type HealthStatus,
} from './health/health.ts';
export { type Reflected, type ReflectOptions, reflect } from './reflection/reflection-client.ts';
export { addReflection } from './reflection/reflection-server.ts';
