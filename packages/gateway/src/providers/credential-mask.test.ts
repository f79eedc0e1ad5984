import { expect, test } from 'bun:test';
import { CredentialMask } from './credential-mask.ts';

const url = 'https://api.example.com/v1/chat';

test.each([
  ['authorization', 'Bearer sk-1234567890', 'sk-1234567890'],
  ['Authorization', 'bearer sk-1234567890', 'sk-1234567890'],
  ['x-api-key', 'sk-ant-1234567890', 'sk-ant-1234567890'],
  ['api-key', '0123456789abcdef', '0123456789abcdef'],
  ['x-goog-api-key', 'AIzaSy0123456789', 'AIzaSy0123456789'],
  ['x-amz-security-token', 'IQoJb3JpZ2luX2VjEA+/==', 'IQoJb3JpZ2luX2VjEA+/=='],
  ['cf-aig-authorization', 'Bearer cf-1234567890', 'cf-1234567890'],
  ['x-portal', 'a configured secret', 'a configured secret'],
])('the value of %s is masked in every form', (name, value, secret) => {
  const mask = new CredentialMask({ url, headers: { [name]: value } });
  expect(mask.text(`you sent ${value}!`)).not.toContain(secret);
  expect(mask.text(`a ${secret} b ${secret}`)).toBe('a [redacted] b [redacted]');
  const inJson = JSON.stringify({ got: secret }).replaceAll('/', '\\/');
  expect(mask.text(inJson)).toBe('{"got":"[redacted]"}');
  expect(mask.text(`?k=${encodeURIComponent(secret)}`)).toBe('?k=[redacted]');
});

test('bytes that are no text stay as they are around a credential', () => {
  const mask = new CredentialMask({ url, headers: { 'x-api-key': 'sk-ant-1234567890' } });
  const [before, after] = [Buffer.from([0, 255, 0xe2, 0x82]), Buffer.from('é€')];
  const bytes = Buffer.concat([before, Buffer.from('sk-ant-1234567890'), after]);
  const masked = Buffer.concat([before, Buffer.from('[redacted]'), after]);
  expect(mask.bytes(bytes)).toEqual(masked);
  expect(mask.bytes(before)).toBe(before);
});

test('of an AWS signature the key and the signature are masked, and no name of a header', () => {
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-1/bedrock/aws4_request, ' +
    'SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb';
  const mask = new CredentialMask({ url, headers: { authorization } });
  const told = mask.text(`${authorization} content-type`);
  expect(told).not.toContain('AKIA');
  expect(told).not.toContain('5d672d79');
  expect(told).toEndWith('content-type');
});

test('keys and passwords of the address are masked', () => {
  const address = 'https://me:password1@host.example/v1?alt=streaming&key=AIzaSy0123456789';
  const mask = new CredentialMask({ url: address, headers: {} });
  expect(mask.text('AIzaSy0123456789, password1, streaming')).toBe(
    '[redacted], [redacted], streaming',
  );
});

test('headers that are no credentials, and values too short for one, are left alone', () => {
  const headers = {
    'content-type': 'application/json',
    'openai-project': 'proj_123456',
    authorization: 'Bearer ollama',
  };
  const text = 'application/json of proj_123456 for ollama';
  expect(new CredentialMask({ url, headers }).text(text)).toBe(text);
});

test('of a beginning, what may be the first characters of a credential is left out', () => {
  const mask = new CredentialMask({ url, headers: { 'x-api-key': 'sk-ant-1234567890' } });
  expect(mask.beginning('a long text that ends in sk-ant-12345')).toBe('a long text that end');
  expect(new CredentialMask({ url, headers: {} }).beginning('all of it')).toBe('all of it');
});
