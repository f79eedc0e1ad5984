import { describe, expect, test } from 'bun:test';
import type { DescMessage } from '@bufbuild/protobuf';
import fc from 'fast-check';
import type { JsonValue } from '../../../codec/json-value.ts';
import { fixtureRegistry } from '../../../codec/testing/fixture-types.ts';
import { fileSchema } from '../../schema/file-schema.ts';
import { shopFolder, shopProto } from '../../testing/shop-service.ts';
import { completeJson, completeVariable } from './complete-json.ts';
import { highlightInput } from './highlight.ts';
import { jsonPlace } from './json-place.ts';
import { expandJson, expandText } from './templates.ts';
import { openBrackets, tokensOf } from './tokens.ts';

const schema = await fileSchema({ proto: [shopProto], importPath: [shopFolder] });
const order = (await schema.lookUp('shop.v1.Order')) as DescMessage;
const variables = new Map<string, JsonValue>([
  ['token', 's3"cret'],
  ['_', { id: '7', lines: [{ sku: 'a' }], done: false }],
]);

describe('tokens', () => {
  test('are the whole input, whatever it is', () => {
    const part = fc.oneof(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        '\\"',
        ':',
        ',',
        '$',
        '${',
        '#',
        '\n',
        ' ',
        'a.b',
        '1.5',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('');
        expect(
          tokensOf(text)
            .map((token) => token.text)
            .join(''),
        ).toBe(text);
      }),
    );
  });

  test('know words of commands from JSON', () => {
    const types = (text: string) =>
      tokensOf(text)
        .filter(({ type }) => type !== 'blank')
        .map(({ type, text: of }) => `${type} ${of}`);
    expect(types('connect grpc://[::1]:5 {"a":true, "b": [-1.5e3, $_.x[0]]}')).toEqual([
      'word connect',
      'word grpc://',
      'open [',
      'colon :',
      'colon :',
      'number 1',
      'close ]',
      'word :5',
      'open {',
      'string "a"',
      'colon :',
      'literal true',
      'comma ,',
      'string "b"',
      'colon :',
      'open [',
      'number -1.5e3',
      'comma ,',
      'variable $_.x[0]',
      'close ]',
      'close }',
    ]);
    expect(types('# a {\nb')).toEqual(['comment # a {', 'word b']);
    expect(types(':set a')).toEqual(['word :set', 'word a']);
  });

  test('say whether brackets are open', () => {
    expect(openBrackets('a {"b": [1, "}"')).toBe(2);
    expect(openBrackets('a {"b": "\\"}"}')).toBe(0);
    expect(openBrackets('}')).toBe(-1);
  });
});

test('highlighting covers commands, keys, values and faults', () => {
  const text = 'Orders/Get {"a": "b", "c": [1, null, $x, x], "d';
  const styles = highlightInput(text).map(({ from, to, style }) => [style, text.slice(from, to)]);
  expect(styles).toEqual([
    ['command', 'Orders/Get'],
    ['key', '"a"'],
    ['string', '"b"'],
    ['key', '"c"'],
    ['number', '1'],
    ['literal', 'null'],
    ['variable', '$x'],
    ['error', 'x'],
    ['string', '"d'],
  ]);
});

describe('templates', () => {
  test('put values in, in JSON and in its texts', () => {
    const text = `{"a": $token, "b": "Bearer \${token}", "c": $_.lines[0].sku, "d": "$5 $\${x}", "e": $_.done}`;
    expect(JSON.parse(expandJson(text, variables))).toEqual({
      a: 's3"cret',
      b: 'Bearer s3"cret',
      c: 'a',
      d: `$5 \${x}`,
      e: false,
    });
    expect(expandText(`Bearer $token \${_.id} $$5 $_.lines`, variables)).toBe(
      'Bearer s3"cret 7 $5 [{"sku":"a"}]',
    );
  });

  const faults: [text: string, message: string][] = [
    ['$tokn', 'there is no variable $tokn: did you mean token?'],
    ['$x', 'there is no variable $x: set it with let'],
    ['$_.idd', '$_ has no field idd: did you mean id?'],
    ['$_.lines[3]', '$_.lines has 1 element, no [3]'],
    ['$_.id.x', '$_.id is "7", without fields'],
    ['$_.constructor', '$_ has no field constructor'],
  ];
  test.each(faults)('%s is told', (text, message) => {
    expect(() => expandJson(text, variables)).toThrow(message);
  });

  test('say that there was no answer', () => {
    expect(() => expandJson('$_.id', new Map())).toThrow('there was no answer yet');
  });
});

describe('completion in the JSON of an order', () => {
  /** What could stand at the end of the text. */
  const offered = (text: string): string[] => {
    const place = jsonPlace(tokensOf(text), text.length);
    return completeJson(order, place, variables).map((each) => each.text);
  };
  const cases: [text: string, offered: string[]][] = [
    ['', ['{']],
    ['{"cust', ['"customerName": ']],
    ['{cust', ['"customerName": ']],
    ['{"id": 1, "cre', ['"createdAt": ']],
    ['{"NAME', ['"customerName": ']],
    ['{"status": ', ['"STATUS_UNSPECIFIED"', '"STATUS_OPEN"', '"STATUS_SENT"', '"STATUS_LOST"']],
    ['{"status": "STATUS_O', ['"STATUS_OPEN"']],
    ['{"status": ope', ['"STATUS_OPEN"']],
    ['{"lines": ', ['[']],
    ['{"lines": [', ['{']],
    ['{"lines": [{"sku": "a"}, {', ['"sku": ', '"count": ', '"replaces": ']],
    ['{"lines": [{"sku": "a", ', ['"count": ', '"replaces": ']],
    ['{"lines": [{"replaces": {"status": "STATUS_S', ['"STATUS_SENT"']],
    ['{"labels": {"a": ', ['"']],
    ['{"labels": {', []],
    ['{"customer_name": ', ['"']],
    ['{"cardToken": "x", "inv', []],
    ['{"attachment": {', ['"@type": ']],
    ['{"nothing": {"', []],
    ['{"id" ', []],
    ['{"id": 1 ', []],
    ['{} ', []],
    ['{"id": $_.i', ['$_.id']],
    ['{"id": $', ['$token', '$_']],
  ];
  test.each(cases)('%j', (text, expected) => {
    expect(offered(text)).toEqual(expected);
  });

  test('has a field once, and tells of what type it is', () => {
    expect(offered('{"id": 1, ')).not.toContain('"id": ');
    const place = jsonPlace(tokensOf('{"'), 2);
    const hints = completeJson(order, place, variables).map(
      ({ label, hint }) => `${label}: ${hint}`,
    );
    expect(hints).toContain('id: int64');
    expect(hints).toContain('lines: list of Line');
    expect(hints).toContain('labels: map of string');
    expect(hints).toContain('cardToken: string, one of payment');
  });
});

describe('completion of types that have a JSON of their own', () => {
  const wellKnown = fixtureRegistry.getMessage('zrpc.test.WellKnown') as DescMessage;
  const cases: [name: string, offered: (string | RegExp)[]][] = [
    ['timestamp', [/^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"$/]],
    ['duration', ['"1s"', '"0.5s"']],
    ['boolValue', ['true', 'false']],
    ['stringValue', ['"']],
    ['mask', ['"']],
    ['list', ['[']],
    ['struct', ['{']],
    ['nullValue', ['null']],
    ['value', []],
    ['int32Value', []],
  ];
  test.each(cases)('%s', (name, expected) => {
    const text = `{"${name}": `;
    const offered = completeJson(wellKnown, jsonPlace(tokensOf(text), text.length), variables);
    expect(offered).toHaveLength(expected.length);
    for (const [i, pattern] of expected.entries()) {
      const found = offered[i]?.text ?? '';
      if (typeof pattern === 'string') expect(found).toBe(pattern);
      else expect(found).toMatch(pattern);
    }
  });
});

test('variables are completed by name and by what is in them', () => {
  const offered = (text: string) => completeVariable(text, variables).map((each) => each.text);
  expect(offered('$t')).toEqual(['$token']);
  expect(offered(`\${t`)).toEqual([`\${token`]);
  expect(offered('$_.')).toEqual(['$_.id', '$_.lines', '$_.done']);
  expect(offered('$_.lines[')).toEqual(['$_.lines[0]']);
  expect(offered('$_.lines[0].')).toEqual(['$_.lines[0].sku']);
  expect(offered('$_.id.')).toEqual([]);
  expect(offered('$nothing.')).toEqual([]);
});
