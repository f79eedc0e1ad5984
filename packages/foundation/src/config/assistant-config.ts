import type { agentModes } from './assistant-schema.ts';

/** Calls to the daemon. */
export interface RpcConfig {
  /** False: over the Unix socket only. */
  readonly enabled: boolean;
  /** Undefined: that of `server`. */
  readonly host?: string;
  /** Of TCP and UDP; 0 lets the system choose. */
  readonly port: number;
  /** Nobody asked for this port: it is done without where it is taken. */
  readonly isDefaultPort: boolean;
  readonly tls: boolean;
  /** Of each listener. */
  readonly maxConnections: number;
  /** 0: never. */
  readonly idleTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly completionTimeoutMs: number;
  readonly chatTimeoutMs: number;
  readonly agentTimeoutMs: number;
  readonly compression: boolean;
  /** That parse the files of projects. */
  readonly workerThreads: number;
}

/** The process in the background. */
export interface DaemonConfig {
  /** Absolute. */
  readonly logFile: string;
}

/** Chat, agent and completion. */
export interface AssistantConfig {
  readonly enabled: boolean;
  readonly model: string;
  readonly smallModel: string;
  /** Undefined: completions are local. */
  readonly completionModel?: string;
  /** Undefined: files of permissions say. */
  readonly mode?: (typeof agentModes)[number];
  readonly maxSteps: number;
  readonly budgetMicroUsd?: number;
  readonly verify: readonly string[];
  readonly completionCacheEntries: number;
  readonly completionCacheTtlMs: number;
  /** Language servers may run what came with a repository. */
  readonly runProjectCode: boolean;
  /** 0: for ever. */
  readonly keepSessionsMs: number;
  /** By name: some more, or other ways to start those that are known. */
  readonly languageServers: ReadonlyMap<string, LanguageServerConfig>;
}

/** A language server that the configuration names. */
export interface LanguageServerConfig {
  /** False: it is never started. */
  readonly enabled: boolean;
  /** Program and arguments; only a server that is not enabled may have none. */
  readonly command?: readonly string[];
  /** Of its files, with the dot; undefined: those of the known server of this name. */
  readonly extensions?: readonly string[];
}
