export { type Announcement, type AnnounceOptions, announcePlugin } from './announce-plugin.ts';
export {
  createPlugin,
  defaultPluginLimits,
  type Plugin,
  type PluginEvent,
  type PluginLimits,
  type PluginOptions,
} from './plugin.ts';
export { type ServePluginOptions, servePlugin } from './serve-plugin.ts';
