export { Ring, ringFileBytes } from './ring.ts';
export {
  connectSharedMemory,
  dialSharedMemory,
  listenSharedMemory,
  type SharedMemoryConnectOptions,
  type SharedMemoryListenOptions,
} from './shared-memory.ts';
