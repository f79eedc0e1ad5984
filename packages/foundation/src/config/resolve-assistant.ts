import { join } from 'node:path';
import { userPath } from '../secrets/references.ts';
import type {
  AssistantConfig,
  DaemonConfig,
  LanguageServerConfig,
  RpcConfig,
} from './assistant-config.ts';
import { defined } from './defined.ts';
import type { ValidConfig } from './schema.ts';

const defaultPort = 50_051;
const msPerDay = 86_400_000;
const microUsdPerUsd = 1_000_000;

/** Where a configuration's relative paths and its own files are. */
interface Places {
  readonly home: string;
  readonly folder: string;
}

/** `[assistant]`, `[rpc]` and `[daemon]`. `fault` is told what is wrong between them. */
export function resolveAssistant(
  { assistant, cache, daemon, rpc }: ValidConfig,
  { folder, home }: Places,
  fault: (path: readonly string[], message: string) => void,
): { assistant: AssistantConfig; daemon: DaemonConfig; rpc: RpcConfig } {
  if (rpc.port !== undefined && daemon.port !== undefined && rpc.port !== daemon.port) {
    fault(['daemon', 'port'], `it is another name of rpc.port, which is ${rpc.port}: keep one`);
  }
  const port = rpc.port ?? daemon.port;
  return {
    assistant: {
      enabled: assistant.enabled,
      model: assistant.model,
      smallModel: assistant.small_model ?? assistant.model,
      maxSteps: assistant.max_steps,
      verify: assistant.verify,
      completionCacheEntries: cache.max_size ?? assistant.completion_cache_entries,
      completionCacheTtlMs: (cache.ttl ?? assistant.completion_cache_ttl_s) * 1_000,
      runProjectCode: assistant.run_project_code,
      keepSessionsMs: assistant.keep_sessions_days * msPerDay,
      languageServers: resolveLanguageServers(assistant.lsp, fault),
      ...defined({
        completionModel: assistant.completion_model,
        mode: assistant.mode,
        budgetMicroUsd: assistant.budget_usd && Math.round(assistant.budget_usd * microUsdPerUsd),
      }),
    },
    daemon: {
      logFile:
        daemon.log_file === undefined
          ? join(home, 'daemon.log')
          : userPath(daemon.log_file, folder),
    },
    rpc: {
      enabled: rpc.enabled,
      port: port ?? defaultPort,
      isDefaultPort: port === undefined,
      tls: daemon.enable_tls,
      maxConnections: rpc.max_connections,
      idleTimeoutMs: rpc.idle_timeout * 1_000,
      maxMessageBytes: rpc.max_stream_data,
      completionTimeoutMs: rpc.completion_timeout,
      chatTimeoutMs: rpc.chat_timeout,
      agentTimeoutMs: rpc.agent_timeout,
      compression: rpc.enable_compression,
      workerThreads: rpc.worker_threads,
      ...defined({ host: daemon.address }),
    },
  };
}

function resolveLanguageServers(
  servers: ValidConfig['assistant']['lsp'],
  fault: (path: readonly string[], message: string) => void,
): Map<string, LanguageServerConfig> {
  const resolved = new Map<string, LanguageServerConfig>();
  for (const [name, { enabled, command, extensions }] of Object.entries(servers)) {
    if (enabled && command === undefined) {
      fault(['assistant', 'lsp', name], 'it needs a command to start, or enabled = false');
    }
    const lowered = extensions?.map((extension) => extension.toLowerCase());
    resolved.set(name, { enabled, ...defined({ command, extensions: lowered }) });
  }
  return resolved;
}
