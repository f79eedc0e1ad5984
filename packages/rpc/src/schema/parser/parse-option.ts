import type { FieldDescriptorProto } from '@bufbuild/protobuf/wkt';
import type { Token } from '../tokenizer.ts';
import { parseDefault } from './parse-default.ts';
import { parseOptionValue } from './parse-option-value.ts';
import type { ParseState } from './parse-state.ts';
import type { OptionNamePart, OptionStatement } from './parsed-file.ts';

/** `option NAME = VALUE;`: `path` is that of the descriptor's `options`. */
export function parseOptionStatement(
  state: ParseState,
  descriptor: object,
  path: readonly number[],
): void {
  const outer = state.open(path);
  const location = state.open(placeholder(state, descriptor, path));
  state.expect('option', 'before an option');
  const statement = parseAssignment(state, { location, pathLength: path.length });
  addStatement(state, descriptor, statement);
  state.expectEnd(';', location, 'after the option');
  state.close(location);
  state.close(outer);
}

/** `[NAME = VALUE, …]` when there is one: `path` is that of the descriptor. */
export function parseOptionList(
  state: ParseState,
  descriptor: object,
  path: readonly number[],
  special: (name: Token) => boolean = () => false,
): void {
  if (!state.at('[')) return;
  const outer = state.open(path);
  state.take();
  do {
    if (special(state.current)) continue;
    const location = state.open(placeholder(state, descriptor, path));
    const statement = parseAssignment(state, { location, pathLength: path.length });
    addStatement(state, descriptor, statement);
    state.close(location);
  } while (state.accept(','));
  state.expect(']', 'after the options');
  state.close(outer);
}

/** The options of a field; `default` and `json_name` among them are its own. */
export function parseFieldOptions(
  state: ParseState,
  field: FieldDescriptorProto,
  path: readonly number[],
): void {
  parseOptionList(state, field, [...path, 8], (name) => {
    if (name.text === 'default') parseDefault(state, field, path);
    else if (name.text === 'json_name') parseJsonName(state, field, path);
    else return false;
    return true;
  });
}

function parseJsonName(
  state: ParseState,
  field: FieldDescriptorProto,
  path: readonly number[],
): void {
  const name = state.take();
  if (Object.hasOwn(field, 'jsonName')) state.report('json_name is set twice; remove one', name);
  state.expect('=', 'after "json_name"');
  state.places.set(field, 'json-name', name);
  const value = state.current;
  field.jsonName = state.string('a name for JSON');
  // As protoc: one location of the whole, one of the value.
  state.mark([...path, 10], name);
  state.mark([...path, 10], value);
}

function placeholder(state: ParseState, descriptor: object, path: readonly number[]): number[] {
  return [...path, 999, state.options.get(descriptor)?.length ?? 0];
}

function addStatement(state: ParseState, descriptor: object, statement: OptionStatement): void {
  const statements = state.options.get(descriptor);
  if (statements === undefined) state.options.set(descriptor, [statement]);
  else statements.push(statement);
}

function parseAssignment(
  state: ParseState,
  where: Pick<OptionStatement, 'location' | 'pathLength'>,
): OptionStatement {
  const { offset } = state.current;
  const name = [parseNamePart(state)];
  while (state.accept('.')) name.push(parseNamePart(state));
  state.expect('=', "and a value after the option's name");
  const value = parseOptionValue(state);
  return { offset, name, value, ...where };
}

function parseNamePart(state: ParseState): OptionNamePart {
  const { offset } = state.current;
  if (!state.accept('(')) {
    return { offset, isExtension: false, text: state.identifier("an option's name").text };
  }
  const text = state.typeName("an extension's name");
  state.expect(')', "after the extension's name");
  return { offset, isExtension: true, text };
}
