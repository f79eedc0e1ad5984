import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { JsonValue } from '../../../codec/json-value.ts';
import { wellKnownJson } from '../../../codec/well-known-json.ts';
import type { Candidate } from '../editor/line-editor.ts';
import type { JsonPlace } from './json-place.ts';
import { lookUpVariable, partsOf, type Variables } from './templates.ts';

/** What a place in a message's JSON holds. */
type Held =
  | { readonly kind: 'message'; readonly message: DescMessage }
  | { readonly kind: 'enum'; readonly enum: DescEnum }
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | { readonly kind: 'list' | 'map'; readonly field: DescField & { fieldKind: 'list' | 'map' } };

/** What could be written at a place in the JSON of a message: its fields, values of enums, variables. */
export function completeJson(
  desc: DescMessage,
  place: JsonPlace,
  variables: Variables,
): Candidate[] {
  if (place.kind === 'nothing') return [];
  if (place.written.startsWith('$')) return completeVariable(place.written, variables);
  const held = heldAt(desc, place.path);
  if (held === undefined) return [];
  if (place.kind === 'key') return held.kind === 'message' ? keysOf(held.message, place) : [];
  return matching(valuesOf(held), place.written);
}

/** `$na` to `$name`, `$name.fi` to `$name.field`. */
export function completeVariable(written: string, variables: Variables): Candidate[] {
  const opening = written.startsWith('${') ? '${' : '$';
  const last = Math.max(written.lastIndexOf('.'), written.lastIndexOf('['));
  if (last === -1) {
    const names = [...variables].map(([name, value]) => ({
      text: `${opening}${name}`,
      hint: shorten(value),
    }));
    return names.filter(({ text }) => text.startsWith(written));
  }
  const base = written.slice(0, last);
  let value: JsonValue;
  try {
    value = partsOf(base).length === 0 ? null : lookUpVariable(base, variables);
  } catch {
    return [];
  }
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value)
    .map(([name, inner]) => ({
      text: isList ? `${base}[${name}]` : `${base}.${name}`,
      hint: shorten(inner),
    }))
    .filter(({ text }) => text.startsWith(written));
}

function heldAt(desc: DescMessage, path: readonly string[]): Held | undefined {
  let held: Held | undefined = { kind: 'message', message: desc };
  for (const step of path) {
    if (held === undefined) return undefined;
    held = step === '[]' ? elementOf(held, 'list') : memberOf(held, step);
  }
  return held;
}

function memberOf(held: Held, name: string): Held | undefined {
  if (held.kind === 'map') return elementOf(held, 'map');
  if (held.kind !== 'message' || wellKnownJson(held.message.typeName) !== undefined)
    return undefined;
  const field = held.message.fields.find((each) => each.jsonName === name || each.name === name);
  if (field === undefined) return undefined;
  if (field.fieldKind === 'list' || field.fieldKind === 'map') {
    return { kind: field.fieldKind, field };
  }
  return valueHeld(field);
}

function elementOf(held: Held, kind: 'list' | 'map'): Held | undefined {
  return (held.kind === 'list' || held.kind === 'map') && held.kind === kind
    ? valueHeld(held.field)
    : undefined;
}

function valueHeld(field: DescField): Held | undefined {
  if (field.message !== undefined) return { kind: 'message', message: field.message };
  if (field.enum !== undefined) return { kind: 'enum', enum: field.enum };
  return field.scalar === undefined ? undefined : { kind: 'scalar', scalar: field.scalar };
}

function keysOf(desc: DescMessage, { present, written }: JsonPlace): Candidate[] {
  if (desc.typeName === 'google.protobuf.Any') {
    return matching([{ text: '"@type": ', label: '@type', hint: 'the URL of a type' }], written);
  }
  if (wellKnownJson(desc.typeName) !== undefined) return [];
  const isThere = (field: DescField): boolean =>
    present.includes(field.jsonName) || present.includes(field.name);
  const free = desc.fields.filter((field) => !isThere(field) && !field.oneof?.fields.some(isThere));
  return matching(
    free.map((field) => ({
      text: `"${field.jsonName}": `,
      label: field.jsonName,
      hint: hintOf(field),
    })),
    written,
  );
}

function valuesOf(held: Held): Candidate[] {
  switch (held.kind) {
    case 'enum':
      if (held.enum.typeName === 'google.protobuf.NullValue') return [{ text: 'null' }];
      return held.enum.values.map(({ name, number, deprecated }) => ({
        text: `"${name}"`,
        label: name,
        hint: deprecated ? `${number}, deprecated` : String(number),
      }));
    case 'list':
      return [{ text: '[', hint: hintOf(held.field) }];
    case 'map':
      return [{ text: '{', hint: hintOf(held.field) }];
    case 'message':
      return messageValues(held.message);
    case 'scalar':
      return scalarValues(held.scalar);
  }
}

/** How the JSON of a message begins, or all of it where it is short. */
function messageValues({ typeName }: DescMessage): Candidate[] {
  switch (typeName) {
    case 'google.protobuf.Timestamp': {
      const now = new Date().toISOString();
      return [{ text: `"${now.slice(0, 19)}Z"`, hint: 'now' }];
    }
    case 'google.protobuf.Duration':
      return [{ text: '"1s"' }, { text: '"0.5s"' }];
    case 'google.protobuf.BoolValue':
      return booleans;
    case 'google.protobuf.ListValue':
      return [{ text: '[' }];
    case 'google.protobuf.Value':
      return [];
    case 'google.protobuf.FieldMask':
    case 'google.protobuf.StringValue':
    case 'google.protobuf.BytesValue':
      return [{ text: '"' }];
    default:
      return /^google\.protobuf\..*Value$/.test(typeName) ? [] : [{ text: '{', hint: typeName }];
  }
}

const booleans: Candidate[] = [{ text: 'true' }, { text: 'false' }];

function scalarValues(scalar: ScalarType): Candidate[] {
  if (scalar === ScalarType.BOOL) return booleans;
  const isText = scalar === ScalarType.STRING || scalar === ScalarType.BYTES;
  return isText ? [{ text: '"', hint: scalar === ScalarType.BYTES ? 'base64' : 'string' }] : [];
}

/** Those that begin as it is written; where there are none, those that have it in them. */
function matching(candidates: readonly Candidate[], written: string): Candidate[] {
  const folded = written.toLowerCase();
  const nameOf = ({ label, text }: Candidate): string =>
    (label ?? text).replace(/^"/, '').toLowerCase();
  const begins = candidates.filter((each) => nameOf(each).startsWith(folded));
  if (begins.length > 0) return begins;
  return candidates.filter((each) => nameOf(each).includes(folded));
}

function hintOf(field: DescField): string {
  const type = field.message?.name ?? field.enum?.name ?? scalarName(field.scalar);
  if (field.fieldKind === 'map') return `map of ${type}`;
  const what = field.fieldKind === 'list' ? `list of ${type}` : type;
  return field.oneof === undefined ? what : `${what}, one of ${field.oneof.name}`;
}

function scalarName(scalar: ScalarType | undefined): string {
  return scalar === undefined ? '' : ScalarType[scalar].toLowerCase();
}

function shorten(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
