import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createFileOnce, type ResolvedConfig } from '@zeke/foundation';
import {
  Agent,
  Chat,
  Commit,
  Completion,
  Health,
  Provider,
  Review,
  Session,
  TestGen,
} from '@zeke/protocol/reaper';
import type { Server, ServiceType } from '@zeke/rpc';
import type { Composition } from './compose.ts';
import type { GatewayHandler } from './rpc/gateway-call.ts';
import { healthService } from './rpc/health-service.ts';
import { lazyHandlers } from './rpc/lazy-handlers.ts';
import { providerService } from './rpc/provider-service.ts';
import type { RpcServer } from './rpc/serve-rpc.ts';
import type { ServerTls } from './tls/server-tls.ts';

/**
 * In `$ZEKE_HOME`: what opens the assistant to callers over a network, this machine's own too. It is
 * made once, and the user's alone.
 */
const tokenFile = 'rpc-token';

/** Takes calls to this process, by all ways but those of `RpcServer.listen`. */
export async function startRpc(
  config: ResolvedConfig,
  parts: Composition,
  tls: ServerTls | undefined,
): Promise<RpcServer> {
  const { assistant, gateway, log } = parts;
  const { auth, home, rpc, server } = config;
  const { serveRpc } = await import('./rpc/serve-rpc.ts');
  const token = await createFileOnce(join(home, tokenFile), newToken(), 0o600);
  const handle: GatewayHandler = (request, peer) => gateway.handle(request, peer);
  const activity = () => ({ isDraining: gateway.isDraining, ...assistant.activity });
  const adminKey = auth.adminApiKey?.reveal();
  return await serveRpc({
    config: { ...rpc, host: rpc.host ?? server.host },
    home,
    handle,
    addServices(services) {
      services.add(Health, healthService(activity)).add(Provider, providerService(handle));
      if (config.assistant.enabled) addAssistant(services, parts);
    },
    secrets: adminKey === undefined ? [token] : [token, adminKey],
    ...(rpc.tls ? { tls: await rpcCertificate(home, tls) } : {}),
    log,
  });
}

const agentServices = [Agent, Chat, Commit, Review, Session, TestGen];

/** Who completes has no need of what answers the agent's calls, and is loaded without. */
function addAssistant(server: Server, parts: Composition): void {
  const { assistant } = parts;
  const completion = once(async () => {
    const { completionService } = await import('./rpc/completion-service.ts');
    return completionService(() => assistant.completion());
  });
  const agent = once(async () => {
    const { assistantHandlers } = await import('./rpc/assistant-handlers.ts');
    return assistantHandlers({ assistant: () => assistant.get(), settings: () => parts.config });
  });
  server.add(Completion, lazyHandlers(Completion, completion));
  for (const service of agentServices) {
    const load = async () => (await agent()).get(service.typeName) ?? {};
    server.add(service as ServiceType, lazyHandlers(service, load));
  }
}

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => (loading ??= load());
}

async function rpcCertificate(
  home: string,
  tls: ServerTls | undefined,
): Promise<{ readonly cert: string; readonly key: string }> {
  if (tls !== undefined) return { cert: tls.material.cert, key: tls.material.key };
  const { ownCertificate } = await import('./tls/own-certificate.ts');
  return await ownCertificate(home, Date.now());
}

/** 256 random bits. */
function newToken(): string {
  return randomBytes(32).toString('base64url');
}
