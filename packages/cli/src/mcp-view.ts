import type { LocalMcp } from '@zeke/daemon/mcp';

/** A server as the hub shows it. */
export type ServerView = ReturnType<LocalMcp['hub']['servers']>[number];
