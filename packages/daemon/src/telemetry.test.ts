import { expect, test } from 'bun:test';
import { startOpenAiEmulator } from '@zeke/emulators';
import { createLogger, formatFault, loadConfig } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { compose } from './compose.ts';

/** What a collector was sent: paths, and the names in their bodies. */
function collector() {
  const sent: { path: string; body: string }[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      sent.push({ path: new URL(request.url).pathname, body: await request.text() });
      return Response.json({});
    },
  });
  const close = () => server.stop(true);
  return { sent, url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: close };
}

async function load(toml: string) {
  await using folder = await temporaryDirectory();
  await Bun.write(`${folder.path}/zeke.toml`, `[storage]\nurl = "sqlite::memory:"\n${toml}`);
  return await loadConfig({ cwd: folder.path, environment: { ZEKE_HOME: folder.path } });
}

test('a configuration with a collector sends it spans, and metrics where it says how often', async () => {
  await using there = collector();
  await using vendor = startOpenAiEmulator({ apiKeys: ['k'] });
  const loaded = await load(`
[telemetry]
otlp_endpoint = "${there.url}/"
otlp_metrics_interval_ms = 60000
capture_content = true
service_name = "house"
[providers.near]
type = "compatible"
base_url = "${vendor.url}/v1"
api_key = "k"
send_trace_context = false
`);
  if (!loaded.ok) throw new Error(loaded.faults.map(formatFault).join('\n'));
  {
    await using parts = await compose({
      config: loaded.config,
      environment: {},
      fetch,
      now: Date.now,
      log: createLogger({ level: 'silent' }),
    });
    const request = new Request('http://127.0.0.1/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({
        model: 'near/gpt-4.1-mini',
        messages: [{ role: 'user', content: 'the question' }],
      }),
    });
    expect((await parts.gateway.handle(request)).status).toBe(200);
  }
  expect(vendor.requests.at(-1)?.headers).not.toHaveProperty('traceparent');
  const bodyTo = (path: string) => there.sent.findLast((each) => each.path === path)?.body ?? '';
  const [spans, metrics] = [bodyTo('/v1/traces'), bodyTo('/v1/metrics')];
  for (const name of ['house', 'service.instance.id', 'chat gpt-4.1-mini', 'the question']) {
    expect(spans).toContain(name);
  }
  for (const name of [
    'house',
    'service.instance.id',
    'gen_ai.client.token.usage',
    'zeke_gateway_',
  ]) {
    expect(metrics).toContain(name);
  }
});

test.each([
  ['otlp_metrics_interval_ms = 60000', 'telemetry.otlp_metrics_interval_ms: nobody is sent'],
  ['sample_ratio = 2', 'telemetry.sample_ratio: it must be a number from 0 to 1'],
  ['capture_content = "yes please"', 'telemetry.capture_content: it must be true or false'],
])('%s is refused with the key named', async (line, message) => {
  const loaded = await load(`[telemetry]\n${line}\n`);
  expect(loaded.ok ? [] : loaded.faults.map(formatFault)).toEqual([
    expect.stringContaining(message),
  ]);
});
