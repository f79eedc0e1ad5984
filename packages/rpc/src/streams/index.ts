export { IncrementalJson, type IncrementalJsonOptions } from './incremental-json.ts';
export { type Merged, mergeStreams } from './merge-streams.ts';
export {
  type EventStreamOptions,
  eventStream,
  formatEvent,
  readEvents,
  type ServerSentEvent,
} from './server-sent-events.ts';
export { type SplitOptions, splitStream } from './split-stream.ts';
