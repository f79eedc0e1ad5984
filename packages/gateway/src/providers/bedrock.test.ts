import { afterAll, describe, expect, test } from 'bun:test';
import { emulatedAwsCredentials, startBedrockEmulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import {
  expectChats,
  expectCredentialsError,
  expectVectors,
  modelNames,
} from '../testing/provider-suite.ts';
import { providerConfig, testGateway } from '../testing/test-gateway.ts';

const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const bedrock = startBedrockEmulator({ apiKeys: ['bedrock-key'] });
afterAll(() => bedrock.stop());

const keys = {
  accessKeyId: emulatedAwsCredentials.accessKeyId,
  secretAccessKey: new Secret(emulatedAwsCredentials.secretAccessKey),
};
const entry = (fields: Record<string, unknown>) =>
  providerConfig({
    name: 'bedrock',
    type: 'bedrock',
    region: 'us-east-1',
    endpoint: bedrock.url,
    ...fields,
  });

describe('with keys of the configuration', () => {
  test('answers, whole and streamed, by model id and by ARN', async () => {
    await using gateway = await testGateway({ providers: [entry(keys)] });
    await expectChats(gateway, `bedrock/${claude}`);
    await expectChats(
      gateway,
      `bedrock/arn:aws:bedrock:us-east-1:123456789012:inference-profile/${claude}`,
    );
    expect(bedrock.requests.at(-1)?.path).toEndWith(
      `/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2F${claude.replace(':', '%3A')}/converse-stream`,
    );
  });

  test('makes vectors', async () => {
    await using gateway = await testGateway({ providers: [entry(keys)] });
    await expectVectors(gateway, 'bedrock/amazon.titan-embed-text-v2:0', 256);
  });

  test('lists models and inference profiles', async () => {
    await using gateway = await testGateway({ providers: [entry(keys)] });
    const names = await modelNames(gateway);
    expect(names).toContain(`bedrock/${claude}`);
    expect(names).toContain('bedrock/amazon.nova-lite-v1:0');
    expect(names).not.toContain('bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0');
  });

  test('tells refused keys as the operator’s fault, without the keys', async () => {
    const wrong = 'wrong/secret/access/key';
    const config = entry({ ...keys, secretAccessKey: new Secret(wrong) });
    await using gateway = await testGateway({ providers: [config] });
    const message = await expectCredentialsError(gateway, `bedrock/${claude}`, [
      wrong,
      keys.accessKeyId,
    ]);
    expect(message).toContain('providers.bedrock');
  });
});

describe('with an API key', () => {
  test('of the configuration', async () => {
    const config = entry({ apiKey: 'bedrock-key', region: undefined });
    await using gateway = await testGateway({ providers: [config] });
    await expectChats(gateway, `bedrock/${claude}`);
  });

  test('of the environment, unless the configuration has keys', async () => {
    const environment = (name: string) =>
      name === 'AWS_BEARER_TOKEN_BEDROCK' ? 'bedrock-key' : undefined;
    await using gateway = await testGateway({
      providers: [entry({}), entry({ ...keys, name: 'signed' })],
      dependencies: { environment },
    });
    await expectChats(gateway, `bedrock/${claude}`);
    expect(bedrock.requests.at(-1)?.headers.authorization).toBe('Bearer bedrock-key');
    await expectChats(gateway, `signed/${claude}`);
    expect(bedrock.requests.at(-1)?.headers.authorization).toStartWith('AWS4-HMAC-SHA256 ');
  });

  test('that is refused', async () => {
    await using gateway = await testGateway({ providers: [entry({ apiKey: 'not-the-key' })] });
    await expectCredentialsError(gateway, `bedrock/${claude}`, ['not-the-key']);
  });
});

test('several accounts are several entries', async () => {
  const other = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'other' };
  await using second = startBedrockEmulator({ credentials: [other], region: 'eu-west-1' });
  const elsewhere = entry({
    name: 'europe',
    region: 'eu-west-1',
    endpoint: second.url,
    accessKeyId: other.accessKeyId,
    secretAccessKey: new Secret(other.secretAccessKey),
  });
  await using gateway = await testGateway({ providers: [entry(keys), elsewhere] });
  await expectChats(gateway, `bedrock/${claude}`);
  await expectChats(gateway, 'europe/amazon.nova-lite-v1:0');
  expect(second.requests).toHaveLength(2);
});

test('the address follows from the region', async () => {
  const asked: string[] = [];
  const answer = async (input: string | URL | Request) => {
    asked.push(String(input));
    return Response.json({ modelSummaries: [], inferenceProfileSummaries: [] });
  };
  const dependencies = { fetch: answer as typeof fetch };
  for (const region of ['ap-south-1', 'cn-north-1']) {
    const config = entry({ ...keys, region, endpoint: undefined });
    await using gateway = await testGateway({ providers: [config], dependencies });
    await modelNames(gateway);
  }
  expect(asked).toContain('https://bedrock.ap-south-1.amazonaws.com/foundation-models');
  expect(asked).toContain('https://bedrock.cn-north-1.amazonaws.com.cn/foundation-models');
});

test('a refusal that other keys would not change is not asked about again', async () => {
  await using gateway = await testGateway({ providers: [entry(keys)] });
  bedrock.faults.push({ kind: 'status', status: 403 });
  const before = bedrock.requests.length;
  const body = { model: `bedrock/${claude}`, messages: [{ role: 'user', content: 'hi' }] };
  const response = await gateway.post('/v1/chat/completions', body);
  expect(response.status).toBe(403);
  expect(await response.text()).toContain('emulated failure');
  expect(bedrock.requests).toHaveLength(before + 1);
});
