import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  ConverseCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type IdentityEmulator, startIdentityEmulator } from '../identity/identity.ts';
import type { Emulator } from '../kit/emulator.ts';
import { emulatedAwsCredentials, startBedrockEmulator } from './bedrock.ts';

const modelId = 'amazon.nova-lite-v1:0';

/** How far the clocks of the emulators are off. */
let skewMs = 0;
const now = () => Date.now() + skewMs;

let bedrock: Emulator;
let identity: IdentityEmulator;
let temporary: Emulator;

beforeAll(() => {
  identity = startIdentityEmulator({ now });
  bedrock = startBedrockEmulator({ apiKeys: ['bedrock-key'], now });
  temporary = startBedrockEmulator({ credentials: identity.awsCredentials, now });
});
afterAll(async () => {
  await Promise.all([bedrock.stop(), identity.stop(), temporary.stop()]);
});

const messages = [{ role: 'user' as const, content: [{ text: 'hello' }] }];

function clientOf(of: Emulator, config: BedrockRuntimeClientConfig): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: of.url,
    maxAttempts: 1,
    // Without TLS the emulator speaks HTTP/1.1 alone.
    requestHandler: new NodeHttpHandler(),
    ...config,
  });
}

type Change = (request: {
  headers: Record<string, string>;
  body: Uint8Array;
  path: string;
  query: Record<string, string>;
}) => void;

/** Asks once; `change` sees the request after it was signed. */
async function ask(of: Emulator, config: BedrockRuntimeClientConfig = {}, change?: Change) {
  const client = clientOf(of, config);
  if (change) {
    client.middlewareStack.add(
      (next) => (args) => {
        change(args.request as never);
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'tamper' },
    );
  }
  try {
    return await client.send(new ConverseCommand({ modelId, messages }));
  } finally {
    client.destroy();
  }
}

async function refusal(...args: Parameters<typeof ask>) {
  const error = await ask(...args).catch((caught) => caught);
  expect(error.$metadata?.httpStatusCode).toBe(403);
  return { name: error.name as string, message: error.message as string };
}

const credentials = emulatedAwsCredentials;
const mismatch = 'The request signature we calculated does not match';

describe('Signature Version 4', () => {
  test('is good as the official client makes it', async () => {
    expect((await ask(bedrock, { credentials })).stopReason).toBe('end_turn');
  });

  test('the wrong secret', async () => {
    const wrong = { ...credentials, secretAccessKey: 'another' };
    const told = await refusal(bedrock, { credentials: wrong });
    expect(told.name).toBe('InvalidSignatureException');
    expect(told.message).toContain(mismatch);
  });

  test.each<[string, Change]>([
    [
      'a changed body',
      (request) => {
        request.body = Buffer.from(Buffer.from(request.body).toString().replace('hello', 'hullo'));
      },
    ],
    [
      'a changed header',
      (request) => {
        request.headers['x-amz-user-agent'] = 'another';
      },
    ],
    [
      'another model',
      (request) => {
        request.path = request.path.replace('lite', 'pro');
      },
    ],
    [
      'a query that was not signed',
      (request) => {
        request.query = { a: 'b' };
      },
    ],
    [
      'a path encoded in another way',
      (request) => {
        request.path = request.path.replace('%3A', ':');
      },
    ],
  ])('%s after signing', async (_, change) => {
    const told = await refusal(bedrock, { credentials }, change);
    expect(told.name).toBe('InvalidSignatureException');
    expect(told.message).toContain(mismatch);
  });

  test('is good for a model id whose colon was not encoded before signing', async () => {
    const client = clientOf(bedrock, { credentials });
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { path: string };
        request.path = request.path.replace('%3A', ':');
        return next(args);
      },
      { step: 'build', name: 'plainColon' },
    );
    expect((await client.send(new ConverseCommand({ modelId, messages }))).stopReason).toBe(
      'end_turn',
    );
    client.destroy();
    expect(bedrock.requests.at(-1)?.path).toBe(`/model/${modelId}/converse`);
  });

  test('an `x-amz-` header that is not signed', async () => {
    const told = await refusal(bedrock, { credentials }, (request) => {
      request.headers['x-amz-extra'] = 'later';
    });
    expect(told.message).toContain("'x-amz-extra' must be a 'SignedHeader'");
  });

  test('an unknown access key, a foreign region, no signature at all', async () => {
    const stranger = { ...credentials, accessKeyId: 'AKIANOBODY' };
    expect((await refusal(bedrock, { credentials: stranger })).name).toBe(
      'UnrecognizedClientException',
    );
    const region = await refusal(bedrock, { credentials, region: 'eu-west-1' });
    expect(region.message).toContain('scoped to a valid region');
    const bare = await refusal(bedrock, { credentials }, (request) => {
      delete request.headers.authorization;
    });
    expect(bare.name).toBe('MissingAuthenticationTokenException');
  });

  test('a clock that is more than five minutes off', async () => {
    skewMs = 301_000;
    expect((await refusal(bedrock, { credentials })).message).toContain('Signature expired');
    skewMs = -600_000;
    expect((await refusal(bedrock, { credentials })).message).toContain('not yet current');
    skewMs = 0;
  });
});

describe('a bearer key', () => {
  const withKey = (token: string) => ({
    token: { token },
    authSchemePreference: ['httpBearerAuth'],
  });

  test('is taken when it is known', async () => {
    expect((await ask(bedrock, withKey('bedrock-key'))).stopReason).toBe('end_turn');
  });

  test('is refused when it is not', async () => {
    const told = await refusal(bedrock, withKey('other'));
    expect(told.name).toBe('AccessDeniedException');
    expect(told.message).toContain('API Key is valid');
  });
});

describe('temporary credentials that the client finds by itself', () => {
  const withEnvironment = async <T>(values: Record<string, string>, run: () => Promise<T>) => {
    Object.assign(Bun.env, values);
    try {
      return await run();
    } finally {
      for (const name of Object.keys(values)) delete Bun.env[name];
    }
  };

  test('of a container', async () => {
    const environment = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${identity.url}/v2/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'emulated-container-token',
    };
    const answer = await withEnvironment(environment, () => ask(temporary));
    expect(answer.stopReason).toBe('end_turn');
  });

  test('of an instance', async () => {
    const before = identity.awsCredentials.length;
    const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: identity.url };
    const answer = await withEnvironment(environment, () => ask(temporary));
    expect(answer.stopReason).toBe('end_turn');
    expect(identity.awsCredentials.length).toBe(before + 1);
  });

  test('are refused without their session token, with another, and when they expired', async () => {
    const issued = identity.awsCredentials.at(-1);
    if (!issued) throw new Error('none was issued');
    const { accessKeyId, secretAccessKey, sessionToken = '' } = issued;
    for (const token of [undefined, 'another']) {
      const part = { accessKeyId, secretAccessKey, ...(token ? { sessionToken: token } : {}) };
      const told = await refusal(temporary, { credentials: part });
      expect(told.name).toBe('UnrecognizedClientException');
    }
    const whole = { accessKeyId, secretAccessKey, sessionToken };
    await using expired = startBedrockEmulator({
      credentials: [{ ...issued, expiresAt: Date.now() }],
    });
    expect((await refusal(expired, { credentials: whole })).name).toBe('ExpiredTokenException');
  });
});

describe('the control plane', () => {
  const fetchList = async (path: string, key = 'bedrock-key') => {
    const headers = { authorization: `Bearer ${key}` };
    return (await fetch(bedrock.url + path, { headers })).json() as Promise<{
      modelSummaries: { modelId: string }[];
      inferenceProfileSummaries: { inferenceProfileId: string }[];
      nextToken?: string;
    }>;
  };

  test('lists models, all or by what they give', async () => {
    const all = (await fetchList('/foundation-models')).modelSummaries;
    expect(all.map((model) => model.modelId)).toContain(modelId);
    const some = await fetchList('/foundation-models?byOutputModality=EMBEDDING');
    const ids = some.modelSummaries.map((model) => model.modelId);
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.every((id) => id.includes('embed'))).toBe(true);
  });

  test('lists inference profiles in pages', async () => {
    const ids: string[] = [];
    let next = '';
    do {
      const page = await fetchList(`/inference-profiles?maxResults=5&nextToken=${next}`);
      ids.push(...page.inferenceProfileSummaries.map((each) => each.inferenceProfileId));
      next = page.nextToken ?? '';
    } while (next);
    expect(ids).toContain('us.anthropic.claude-sonnet-4-5-20250929-v1:0');
    expect(new Set(ids).size).toBe(ids.length);
  });
});
