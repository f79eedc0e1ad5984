import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createLogger, loadConfig } from '@zeke/foundation';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { ChatService, OmenService } from '@zeke/protocol';
import { createClient } from '@zeke/rpc';
import { connectHttp2 } from '@zeke/rpc/http2';
import { reflect } from '@zeke/rpc/services';
import { connectUnix } from '@zeke/rpc/unix';
import { type Daemon, runDaemon } from '../run-daemon.ts';

let folder: TemporaryDirectory;
let daemon: Daemon;

async function start(port: string): Promise<Daemon> {
  await Bun.write(`${folder.path}/zeke.toml`, '[projects.payroll]\nprivacy = "local_only"\n');
  const environment = { ZEKE_HOME: folder.path, ZEKE_RPC_PORT: port, ZEKE_SERVER_PORT: '0' };
  const loaded = await loadConfig({ cwd: folder.path, environment });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const log = createLogger({ level: 'silent' });
  return await runDaemon({ config: loaded.config, environment, demo: true, log });
}

beforeAll(async () => {
  folder = await temporaryDirectory();
  daemon = await start('0');
});

afterAll(async () => {
  await daemon.stop();
  await folder[Symbol.asyncDispose]();
});

const question = {
  model: 'demo-anthropic/claude-sonnet-5',
  messages: [{ role: 'user', content: { kind: { case: 'stringValue', value: 'Hello' } } }],
} as const;

test('a chat over gRPC is answered by a provider of another dialect, and accounted for', async () => {
  const transport = connectHttp2({ url: daemon.rpc?.url ?? '' });
  const omen = createClient(OmenService, transport);
  const { choices, usage } = await omen.chatCompletion(question);
  expect(choices[0]?.message?.role).toBe('assistant');
  expect(choices[0]?.finishReason).toBe('stop');
  expect(usage?.totalTokens).toBeGreaterThan(0);

  let text = '';
  let total = 0;
  for await (const chunk of createClient(ChatService, transport).streamChatCompletion(question)) {
    const content = chunk.choices[0]?.delta?.content?.kind;
    if (content?.case === 'stringValue') text += content.value;
    total = chunk.usage?.totalTokens ?? total;
  }
  expect(text.length).toBeGreaterThan(10);
  expect(total).toBeGreaterThan(0);
  await transport.close();
});

test('models, health and providers over the Unix socket', async () => {
  const transport = connectUnix({ path: (daemon.rpc?.socket ?? '').replace('unix:', '') });
  const omen = createClient(OmenService, transport);
  expect((await omen.listModels({})).data.length).toBeGreaterThan(3);
  expect(await omen.healthCheck({})).toMatchObject({ status: 'ok' });
  const { providers } = await omen.getProviderStatus({ provider: 'demo-ollama' });
  expect(providers).toMatchObject([{ name: 'demo-ollama', type: 'ollama', local: true }]);
  await expect(omen.getProviderStatus({ provider: 'nobody' })).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('demo-openai'),
  });
  const { services } = await reflect(transport);
  expect(services).toContain('omen.v1.OmenService');
  expect(services).toContain('grpc.health.v1.Health');
  await transport.close();
});

test('headers of the API are metadata: what a call says of its routing, and what it is told', async () => {
  const transport = connectHttp2({ url: daemon.rpc?.url ?? '' });
  const omen = createClient(OmenService, transport);
  let strategy: string | undefined;
  let provider: string | undefined;
  await omen.chatCompletion(question, {
    metadata: { 'x-zeke-strategy': 'least_cost' },
    onHeader: (header) => {
      strategy = header.get('x-zeke-strategy');
      provider = header.get('x-zeke-provider');
    },
  });
  expect(strategy).toBe('least_cost');
  expect(provider).toBe('demo-anthropic');
  const here = { metadata: { 'x-project': 'payroll' } };
  await expect(omen.chatCompletion(question, here)).rejects.toMatchObject({
    code: 'permission_denied',
    message: expect.stringContaining('projects.payroll.privacy'),
  });
  await transport.close();
});

test('what the gateway refuses is a status with its message', async () => {
  const transport = connectHttp2({ url: daemon.rpc?.url ?? '' });
  const omen = createClient(OmenService, transport);
  await expect(
    omen.chatCompletion({ ...question, model: 'demo-openai/nope' }),
  ).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('nope') });
  await expect(omen.chatCompletion({ model: question.model })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining('messages'),
  });
  await transport.close();
});

test('a port that is taken is told with the key to change', async () => {
  const port = new URL(daemon.rpc?.url ?? '').port;
  const other = await temporaryDirectory();
  const environment = { ZEKE_HOME: other.path, ZEKE_RPC_PORT: port, ZEKE_SERVER_PORT: '0' };
  const loaded = await loadConfig({ cwd: other.path, environment });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const starting = runDaemon({
    config: loaded.config,
    environment,
    log: createLogger({ level: 'silent' }),
  });
  await expect(starting).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringContaining('rpc.port'),
  });
  await other[Symbol.asyncDispose]();
});
