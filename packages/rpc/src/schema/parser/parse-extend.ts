import { type FieldTarget, parseField } from './parse-field.ts';
import type { ParseState } from './parse-state.ts';
import { parseMessageName } from './parse-type.ts';

/** `extend MESSAGE { … }` */
export function parseExtend(state: ParseState, target: FieldTarget): void {
  const location = state.open(target.fieldsPath);
  state.take();
  const start = state.current;
  const name = parseMessageName(state, 'extend');
  const extendee = { name, start, end: state.previous };
  state.expectEnd('{', location, "after the message's name");
  const { length } = target.fields;
  state.block('extend', () => parseField(state, { ...target, extendee }));
  if (target.fields.length === length) state.report('extend declares no field; add one', start);
  state.close(location);
}
