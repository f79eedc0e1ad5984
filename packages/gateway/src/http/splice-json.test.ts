import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { spliceJson, topLevelMembers, withoutMember } from './splice-json.ts';

describe('spliceJson', () => {
  test('changes one member and no other byte', () => {
    const text =
      '{ "messages" : [ {"model":"x", "content":"say \\"model\\": 1}"} ],\n "model" : "a/b" }';
    expect(spliceJson(text, { model: 'b' })).toBe(text.replace('"a/b"', '"b"'));
  });

  test('reaches escaped and repeated keys, so that no reader sees another model', () => {
    const text = '{"m\\u006fdel":"dear","model":"cheap","model":"dear"}';
    expect(spliceJson(text, { model: 'c' })).toBe('{"m\\u006fdel":"c","model":"c","model":"c"}');
  });

  test('adds what is missing, to an empty object too', () => {
    expect(spliceJson('{"a":1}', { b: { c: true } })).toBe('{"b":{"c":true},"a":1}');
    expect(spliceJson('{ }', { b: 1 })).toBe('{"b":1 }');
  });

  test('agrees with JSON.parse on any object, however it is spaced', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(undefined, 1, '\t'),
        fc.string(),
        (value, space, model) => {
          const text = JSON.stringify(value, null, space);
          expect(topLevelMembers(text).map((member) => member.key)).toEqual(
            Object.keys(JSON.parse(text)),
          );
          const parsed = JSON.parse(spliceJson(text, { model }));
          expect(parsed).toEqual({ ...JSON.parse(text), model });
        },
      ),
    );
  });
});

describe('withoutMember', () => {
  test('takes a member out, wherever and however often it stands', () => {
    expect(withoutMember('{"omen":{"k":2},"a":1}', 'omen')).toBe('{"a":1}');
    expect(withoutMember('{ "a" : [1], "om\\u0065n" : "}" , "omen":1 }', 'omen')).toBe(
      '{ "a" : [1] }',
    );
    expect(withoutMember('{"omen":{}}', 'omen')).toBe('{}');
    expect(withoutMember('{"a":1}', 'omen')).toBe('{"a":1}');
  });

  test('agrees with JSON.parse on any object', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        fc.constantFrom(undefined, 1, '\t'),
        fc.nat(),
        (value, space, index) => {
          const text = JSON.stringify(value, null, space);
          const keys = Object.keys(JSON.parse(text));
          const key = keys[index % keys.length] as string;
          const left = JSON.parse(text);
          delete left[key];
          expect(JSON.parse(withoutMember(text, key))).toEqual(left);
        },
      ),
    );
  });
});
