import type { LocalMcp } from '@zeke/daemon';

/** A server as the hub shows it. */
export type ServerView = ReturnType<LocalMcp['hub']['servers']>[number];
