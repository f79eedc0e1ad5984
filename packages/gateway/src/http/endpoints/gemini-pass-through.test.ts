import { expect, test } from 'bun:test';
import { type Emulator, startGeminiEmulator, startVertexEmulator } from '@zeke/emulators';
import { providerConfig, type TestGateway, testGateway } from '../../testing/test-gateway.ts';

const contents = [{ parts: [{ text: 'hello there' }] }];

function gemini(): Emulator {
  return startGeminiEmulator({ apiKeys: ['k'] });
}

function gatewayFor(emulator: Emulator): Promise<TestGateway> {
  const baseUrl = `${emulator.url}/v1beta`;
  return testGateway({
    providers: [providerConfig({ name: 'g', type: 'gemini', apiKey: 'k', baseUrl })],
  });
}

const path = '/v1beta/models/g/gemini-2.5-flash:streamGenerateContent';

interface GeminiRecord {
  candidates?: { finishReason?: string; content?: { parts: { text?: string }[] } }[];
  error?: { status: string };
  modelVersion?: string;
  usageMetadata?: object;
}

test('a stream without alt=sse is an array of the records of the provider, as they came', async () => {
  await using emulator = gemini();
  await using gateway = await gatewayFor(emulator);
  const answer = await gateway.post(path, { contents });
  expect(answer.headers.get('content-type')).toStartWith('application/json');
  expect(answer.headers.get('x-zeke-provider')).toBe('g');
  expect(answer.headers.get('x-zeke-translation')).toBeNull();
  const records = (await answer.json()) as GeminiRecord[];
  expect(records.length).toBeGreaterThan(1);
  expect(records.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
  for (const record of records) expect(record.modelVersion).toBe('gemini-2.5-flash');
  const [row] = await gateway.ledger();
  expect(row).toMatchObject({ outcome: 'ok', provider_dialect: 'gemini', estimated: false });
  expect(row?.output_tokens).toBeGreaterThan(0);
  expect(records.at(-1)?.usageMetadata).toMatchObject({ promptTokenCount: row?.input_tokens });
});

test('an error in the middle is the last item of the array', async () => {
  await using emulator = gemini();
  await using gateway = await gatewayFor(emulator);
  emulator.faults.push({ kind: 'error-event', afterRecords: 1 });
  const records = (await (await gateway.post(path, { contents })).json()) as GeminiRecord[];
  expect(records.length).toBeGreaterThan(1);
  expect(records.at(-1)?.error?.status).toBeString();
});

test('Vertex AI gets the role that the caller left out, and all else as it was written', async () => {
  await using emulator = startVertexEmulator({ apiKeys: ['k'] });
  await using gateway = await testGateway({
    providers: [providerConfig({ name: 'v', type: 'vertex', apiKey: 'k', baseUrl: emulator.url })],
  });
  const settings = '"generationConfig" : {"maxOutputTokens":1e2}';
  const answer = await gateway.post(
    '/v1beta/models/v/gemini-2.5-flash:generateContent',
    `{"contents":${JSON.stringify(contents)}, ${settings}}`,
  );
  expect(answer.status).toBe(200);
  const sent = Buffer.from(emulator.requests.at(-1)?.body ?? []).toString();
  expect(sent).toContain(settings);
  expect(JSON.parse(sent).contents).toEqual([{ ...contents[0], role: 'user' }]);
});
