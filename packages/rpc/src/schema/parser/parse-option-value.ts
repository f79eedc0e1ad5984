import type { Place } from '../source-text.ts';
import { stringBytes } from '../string-literal.ts';
import type { Token } from '../tokenizer.ts';
import { integerValue } from './parse-number.ts';
import type { ParseState } from './parse-state.ts';
import type { OptionValue, ValueField, ValueFieldName } from './parsed-file.ts';

/** The value of an option: one scalar, or an aggregate in braces. */
export function parseOptionValue(state: ParseState): OptionValue {
  if (state.at('{')) return state.inBraces(() => parseMessage(state, '}', 1));
  if (state.at('[')) {
    state.fail(
      'a list is no value of an option; repeat the option, or write the list in an aggregate',
    );
  }
  return parseScalar(state);
}

function parseScalar(state: ParseState): OptionValue {
  const { offset } = state.current;
  const isNegative = state.accept('-');
  const token = state.current;
  switch (token.kind) {
    case 'identifier':
      state.take();
      return { kind: 'identifier', text: token.text, isNegative, offset };
    case 'integer':
    case 'float':
      state.take();
      return { ...numberOf(token, isNegative), offset };
    case 'string':
      if (isNegative) state.fail('a string cannot be negative; remove the "-"');
      return {
        kind: 'string',
        value: stringBytes(state.strings('a string'), state.source),
        offset,
      };
    case 'symbol':
    case 'end':
      return state.fail(`expected a value, not ${state.found()}`);
  }
}

const maxUint64 = 2n ** 64n - 1n;
const minInt64 = -(2n ** 63n);

type NumberValue =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number };

/** An integer beyond 64 bits is a float, as protoc has it. */
function numberOf(token: Token, isNegative: boolean): NumberValue {
  const sign = isNegative ? -1 : 1;
  if (token.kind === 'float') return { kind: 'float', value: sign * Number(token.text) };
  const magnitude = integerValue(token.text) ?? 0n;
  const value = isNegative ? -magnitude : magnitude;
  if (value > maxUint64 || value < minInt64) return { kind: 'float', value: Number(value) };
  return { kind: 'integer', value };
}

/**
 * An aggregate in protobuf's text format, from its opening bracket.
 * Source: https://protobuf.dev/reference/protobuf/textformat-spec/
 */
function parseMessage(state: ParseState, close: '}' | '>', depth: number): OptionValue {
  const { offset } = state.take();
  checkDepth(state, depth);
  const fields: ValueField[] = [];
  while (!state.accept(close)) {
    fields.push(parseValueField(state, depth));
    if (!state.accept(',')) state.accept(';');
  }
  return { kind: 'message', fields, offset };
}

function checkDepth(state: ParseState, depth: number): void {
  const { maxValueDepth } = state.limits;
  if (depth <= maxValueDepth) return;
  state.fail(`the value is nested deeper than ${maxValueDepth} levels; flatten it`);
}

function parseValueField(state: ParseState, depth: number): ValueField {
  const { offset } = state.current;
  const name = parseValueFieldName(state);
  const hasColon = state.accept(':');
  if (state.at('[')) return { offset, name, value: parseList(state, depth + 1) };
  if (state.at('{') || state.at('<')) return { offset, name, value: parseNested(state, depth) };
  if (!hasColon) state.fail(`expected ":" after the field's name, not ${state.found()}`);
  return { offset, name, value: parseScalar(state) };
}

function parseNested(state: ParseState, depth: number): OptionValue {
  return parseMessage(state, state.at('{') ? '}' : '>', depth + 1);
}

function parseList(state: ParseState, depth: number): OptionValue {
  const { offset } = state.take();
  checkDepth(state, depth);
  const values: OptionValue[] = [];
  if (state.accept(']')) return { kind: 'list', values, offset };
  do {
    const isMessage = state.at('{') || state.at('<');
    values.push(isMessage ? parseNested(state, depth) : parseScalar(state));
  } while (state.accept(','));
  state.expect(']', 'after the list');
  return { kind: 'list', values, offset };
}

/** `name`, `[package.extension]` or `[domain/package.Message]`. */
function parseValueFieldName(state: ParseState): ValueFieldName {
  if (!state.accept('[')) return { kind: 'field', text: state.identifier("a field's name").text };
  const place: Place = state.current;
  let text = state.typeName("an extension's name");
  let prefix = '';
  while (state.accept('/')) {
    prefix += `${text}/`;
    text = state.typeName("a message's name");
  }
  state.expect(']', 'after the name');
  if (prefix === '') return { kind: 'extension', text };
  if (text.startsWith('.')) state.report('the name after "/" begins with a letter', place);
  return { kind: 'any', prefix, text };
}
