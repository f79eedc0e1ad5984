import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { CompressionFault } from './compression-fault.ts';
import { HpackDecoder } from './decoder.ts';
import { type HeaderField, malformed, notMetadata } from './header-field.ts';

function decode(decoder: HpackDecoder, hex: string): string[] {
  return fieldsOf(decoder, hex).map(({ name, value }) => `${name}: ${value}`);
}

function fieldsOf(decoder: HpackDecoder, hex: string): HeaderField[] {
  const bytes = Uint8Array.fromHex(hex.replaceAll(' ', ''));
  const fields: HeaderField[] = [];
  decoder.decode(bytes, 0, bytes.length, { onField: (field) => fields.push(field) });
  return fields;
}

test('RFC 7541 C.2: one header of each representation', () => {
  expect(
    decode(new HpackDecoder(), '400a637573746f6d2d6b65790d637573746f6d2d686561646572'),
  ).toEqual(['custom-key: custom-header']);
  expect(decode(new HpackDecoder(), '040c2f73616d706c652f70617468')).toEqual([
    ':path: /sample/path',
  ]);
  expect(decode(new HpackDecoder(), '100870617373776f726406736563726574')).toEqual([
    'password: secret',
  ]);
  expect(decode(new HpackDecoder(), '82')).toEqual([':method: GET']);
});

const requests = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [
    ':method: GET',
    ':scheme: http',
    ':path: /',
    ':authority: www.example.com',
    'cache-control: no-cache',
  ],
  [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ],
];

test('RFC 7541 C.3: requests without Huffman coding', () => {
  const decoder = new HpackDecoder();
  expect(decode(decoder, '828684410f7777772e6578616d706c652e636f6d')).toEqual(requests[0]!);
  expect(decode(decoder, '828684be58086e6f2d6361636865')).toEqual(requests[1]!);
  expect(decode(decoder, '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565')).toEqual(
    requests[2]!,
  );
});

test('RFC 7541 C.4: requests with Huffman coding', () => {
  const decoder = new HpackDecoder();
  expect(decode(decoder, '828684418cf1e3c2e5f23a6ba0ab90f4ff')).toEqual(requests[0]!);
  expect(decode(decoder, '828684be5886a8eb10649cbf')).toEqual(requests[1]!);
  expect(decode(decoder, '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf')).toEqual(requests[2]!);
});

const responses = [
  [
    ':status: 302',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ],
  [
    ':status: 307',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ],
  [
    ':status: 200',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:22 GMT',
    'location: https://www.example.com',
    'content-encoding: gzip',
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ],
];

test('RFC 7541 C.5: responses, whose table of 256 bytes drops entries', () => {
  const decoder = new HpackDecoder(256);
  expect(
    decode(
      decoder,
      `4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54
       6e1768747470733a2f2f7777772e6578616d706c652e636f6d`.replaceAll(/\s/g, ''),
    ),
  ).toEqual(responses[0]!);
  expect(decode(decoder, '4803333037c1c0bf')).toEqual(responses[1]!);
  expect(
    decode(
      decoder,
      `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d
       4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b20766572
       73696f6e3d31`.replaceAll(/\s/g, ''),
    ),
  ).toEqual(responses[2]!);
});

test('RFC 7541 C.6: the same with Huffman coding', () => {
  const decoder = new HpackDecoder(256);
  expect(
    decode(
      decoder,
      `488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff
       6e919d29ad171863c78f0b97c8e9ae82ae43d3`.replaceAll(/\s/g, ''),
    ),
  ).toEqual(responses[0]!);
  expect(decode(decoder, '4883640effc1c0bf')).toEqual(responses[1]!);
  expect(
    decode(
      decoder,
      `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdf
       cd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`.replaceAll(/\s/g, ''),
    ),
  ).toEqual(responses[2]!);
});

test('a table size update empties the table, and is refused above what was allowed', () => {
  const decoder = new HpackDecoder();
  decode(decoder, '400161 0162');
  expect(decode(decoder, 'be')).toEqual(['a: b']);
  expect(decode(decoder, '20 3fe11f')).toEqual([]);
  expect(() => decode(decoder, 'be')).toThrow('header index 62');
  expect(() => decode(decoder, '3fe21f')).toThrow('4097');
});

test('a table size update after a header is refused', () => {
  expect(() => decode(new HpackDecoder(), '8220')).toThrow('follows a header');
});

test('an entry larger than the table empties it', () => {
  const decoder = new HpackDecoder(40);
  decode(decoder, '4001610162');
  expect(decode(decoder, 'be')).toEqual(['a: b']);
  expect(decode(decoder, '40016109 626262626262626262')).toEqual(['a: bbbbbbbbb']);
  expect(() => decode(decoder, 'be')).toThrow(CompressionFault);
});

test('what is cut off, or points nowhere, is refused', () => {
  for (const hex of [
    '80',
    'ff',
    'ffffffffffff',
    '7f80',
    '41',
    '4105',
    '410561',
    '400161',
    '00',
    'be',
  ]) {
    expect(() => decode(new HpackDecoder(), hex)).toThrow(CompressionFault);
  }
});

test('names and values that HTTP/2 forbids, or metadata cannot carry, are marked', () => {
  const flagsOf = (name: string, value: string): number => {
    const bytes = [0, name.length, ...Buffer.from(name), value.length, ...Buffer.from(value)];
    return fieldsOf(new HpackDecoder(), Buffer.from(bytes).toString('hex'))[0]!.flags;
  };
  expect(flagsOf('a-b.c_1', 'x y')).toBe(0);
  for (const name of ['A', 'a b', 'a:b', '', 'a\u007f', ':']) {
    expect(flagsOf(name, 'x') & malformed).toBe(malformed);
  }
  for (const value of ['a\nb', 'a\rb', 'a\0b', ' a', 'a ', '\ta']) {
    expect(flagsOf('a', value) & malformed).toBe(malformed);
  }
  expect(flagsOf('a!b', 'x') & (malformed | notMetadata)).toBe(notMetadata);
  expect(flagsOf('a', 'x\ty') & (malformed | notMetadata)).toBe(notMetadata);
});

test('whatever the bytes are, the decoder ends and stays bounded', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (blocks) => {
      const decoder = new HpackDecoder();
      for (const block of blocks) {
        try {
          decoder.decode(block, 0, block.length, { onField() {} });
        } catch (error) {
          expect(error).toBeInstanceOf(CompressionFault);
          return;
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
