import {
  type FeatureSet,
  FeatureSet_RepeatedFieldEncoding,
  FieldDescriptorProto_Label as Label,
  FeatureSet_FieldPresence as Presence,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { featuresOf, isPackable } from '../linker/features.ts';
import type { FieldSymbol } from '../linker/symbols.ts';
import { isOpen } from './validate-enum.ts';

/** Reports features that a field of an editions file cannot have. */
export function validateFieldFeatures(field: FieldSymbol): void {
  const { proto, file, type, owner, isExtension } = field;
  const report = (message: string): void => file.report(proto, 'name', message);
  const isRepeated = proto.label === Label.REPEATED;
  if (proto.options !== undefined && Object.hasOwn(proto.options, 'packed')) {
    report('packed is not for editions; write features.repeated_field_encoding');
  }
  if (!isRepeated && isImplicit(field)) {
    if (Object.hasOwn(proto, 'defaultValue')) {
      report('a field of implicit presence has no default; remove it');
    }
    if (type?.kind === 'enum' && !isOpen(type)) {
      report(
        `${type.fullName} is a closed enum, which has no implicit presence; make the field EXPLICIT`,
      );
    }
  }
  if (isExtension && featuresOf(field).fieldPresence === Presence.LEGACY_REQUIRED) {
    report('an extension cannot be required; remove the feature');
  }
  const own = proto.options?.features;
  // What a map's entry has, its field has, too.
  if (own === undefined || owner?.proto.options?.mapEntry === true) return;
  const problem = presenceProblem(field, own) ?? encodingProblem(field, own);
  if (problem !== undefined) report(problem);
}

function isImplicit(field: FieldSymbol): boolean {
  if (field.oneof !== undefined || field.isExtension || field.type?.kind === 'message')
    return false;
  return featuresOf(field).fieldPresence === Presence.IMPLICIT;
}

function presenceProblem(field: FieldSymbol, own: FeatureSet): string | undefined {
  if (!Object.hasOwn(own, 'fieldPresence')) return undefined;
  if (field.oneof !== undefined) return 'a field of a oneof has presence; remove field_presence';
  if (field.proto.label === Label.REPEATED) {
    return 'a repeated field has no presence; remove field_presence';
  }
  if (field.isExtension) return 'an extension has presence; remove field_presence';
  if (field.type?.kind === 'message' && own.fieldPresence === Presence.IMPLICIT) {
    return 'a message has presence; remove field_presence = IMPLICIT';
  }
  return undefined;
}

function encodingProblem(field: FieldSymbol, own: FeatureSet): string | undefined {
  const { proto, type } = field;
  const isRepeated = proto.label === Label.REPEATED;
  const isMap = type?.kind === 'message' && type.proto.options?.mapEntry === true;
  if (Object.hasOwn(own, 'repeatedFieldEncoding')) {
    if (!isRepeated) return 'repeated_field_encoding is for repeated fields; remove it';
    const isPacked = own.repeatedFieldEncoding === FeatureSet_RepeatedFieldEncoding.PACKED;
    if (isPacked && !isPackable(proto.type)) {
      return 'only repeated numbers, bools and enums can be PACKED; remove the feature';
    }
  }
  if (Object.hasOwn(own, 'utf8Validation') && !hasStrings(field)) {
    return 'utf8_validation is for strings; remove it';
  }
  if (Object.hasOwn(own, 'messageEncoding') && (type?.kind !== 'message' || isMap)) {
    return 'message_encoding is for messages; remove it';
  }
  return undefined;
}

function hasStrings({ proto, type }: FieldSymbol): boolean {
  if (proto.type === Type.STRING) return true;
  if (type?.kind !== 'message' || type.proto.options?.mapEntry !== true) return false;
  return type.proto.field.some((field) => field.type === Type.STRING);
}
