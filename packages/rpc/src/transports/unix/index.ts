export {
  type DescriptorInbox,
  type DescriptorInboxOptions,
  listenDescriptors,
  passDescriptor,
} from './descriptors.ts';
export {
  connectUnix,
  dialUnix,
  listenUnix,
  type UnixConnectOptions,
  type UnixListenOptions,
} from './unix.ts';
