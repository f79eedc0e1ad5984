import type { DescMessage } from '@bufbuild/protobuf';
import { type FieldShape, fieldShapeOf } from '../field-shape.ts';
import { Reader } from '../reader.ts';
import { wireTypeOfScalar, wireTypes } from '../wire-types.ts';

/**
 * Whether bytes hold, before anything that makes them no message at all, a field with a wire type
 * that is not its own, or a number that a closed enum does not have.
 */
export function hasMismatch(desc: DescMessage, bytes: Uint8Array): boolean {
  const reader = new Reader();
  reader.reset(bytes);
  try {
    return walk(desc, reader, bytes.length);
  } catch {
    return false;
  }
}

function walk(desc: DescMessage, reader: Reader, end: number): boolean {
  while (reader.position < end) {
    const tag = reader.tag();
    if (reader.endsGroup(tag)) return false;
    const field = desc.fields.find((one) => one.number === tag >>> 3);
    if (field === undefined) reader.skip(tag);
    else if (walkField(fieldShapeOf(field), tag & 7, reader)) return true;
  }
  return false;
}

function walkField(shape: FieldShape, wireType: number, reader: Reader): boolean {
  if (shape.label === 'map') return walkEntry(shape, wireType, reader);
  const own = wireTypeOf(shape);
  if (wireType === own) return walkValue(shape, wireType, reader);
  const isPackable = own !== wireTypes.lengthDelimited && own !== wireTypes.startGroup;
  if (shape.label !== 'repeated' || !isPackable || wireType !== wireTypes.lengthDelimited) {
    return true;
  }
  const end = reader.lengthEnd();
  while (reader.position < end) if (walkValue(shape, own, reader)) return true;
  reader.checkEnd(end);
  return false;
}

function walkEntry(shape: FieldShape, wireType: number, reader: Reader): boolean {
  if (wireType !== wireTypes.lengthDelimited) return true;
  const end = reader.lengthEnd();
  while (reader.position < end) {
    const tag = reader.tag();
    const key: FieldShape = { ...shape, label: 'optional', type: shape.key ?? 'string' };
    const value: FieldShape = { ...shape, label: 'optional' };
    if (tag >>> 3 > 2) reader.skip(tag);
    else if (walkField(tag >>> 3 === 1 ? key : value, tag & 7, reader)) return true;
  }
  reader.checkEnd(end);
  return false;
}

function walkValue(shape: FieldShape, wireType: number, reader: Reader): boolean {
  const { type } = shape;
  if (typeof type === 'string') {
    reader.skip(8 + wireType);
    return false;
  }
  if (type.kind === 'enum') return type.value[reader.int32()] === undefined && !type.open;
  if (!shape.delimited) {
    const end = reader.open();
    if (walk(type, reader, end)) return true;
    reader.close(end);
    return false;
  }
  const outer = reader.openGroup(shape.number);
  if (walk(type, reader, reader.length)) return true;
  reader.closeGroup(outer);
  return false;
}

function wireTypeOf({ type, delimited }: FieldShape): number {
  if (typeof type === 'string') return wireTypeOfScalar(type);
  if (type.kind === 'enum') return wireTypes.varint;
  return delimited ? wireTypes.startGroup : wireTypes.lengthDelimited;
}
