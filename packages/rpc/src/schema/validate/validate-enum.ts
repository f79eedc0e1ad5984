import { Edition, FeatureSet_EnumType } from '@bufbuild/protobuf/wkt';
import { featuresOf } from '../linker/features.ts';
import type { EnumSymbol, EnumValueSymbol } from '../linker/symbols.ts';
import { type NumberRange, RangeIndex } from './range-index.ts';
import { checkName } from './validate-names.ts';
import { validateReservedNames } from './validate-reserved-names.ts';

/** Reports what is wrong with an enum and its values. */
export function validateEnum(enumeration: EnumSymbol): void {
  const { proto, file, values } = enumeration;
  checkName(enumeration, proto, { what: 'enum', style: 'title', name: proto.name });
  const first = values[0];
  if (first === undefined) {
    file.report(proto, 'name', `enum ${proto.name} has no value; add one`);
  } else if (first.proto.number !== 0 && isOpen(enumeration)) {
    file.report(first.proto, 'number', `the first value of an open enum is 0; add one that is`);
  }
  for (const value of values) {
    checkName(value, value.proto, {
      what: 'enum value',
      style: 'upper-snake',
      name: value.proto.name,
    });
  }
  validateAliases(enumeration);
  validateShortNames(enumeration);
  validateReserved(enumeration);
}

/** Whether the enum takes numbers that it does not name. */
export function isOpen(enumeration: EnumSymbol): boolean {
  return featuresOf(enumeration).enumType === FeatureSet_EnumType.OPEN;
}

function validateAliases({ proto, file, values }: EnumSymbol): void {
  const byNumber = new Map<number, EnumValueSymbol>();
  let hasAlias = false;
  const isAllowed = proto.options?.allowAlias === true;
  for (const value of values) {
    const { number, name } = value.proto;
    const known = byNumber.get(number);
    if (known === undefined) {
      byNumber.set(number, value);
      continue;
    }
    hasAlias = true;
    if (isAllowed) continue;
    file.report(
      value.proto,
      'number',
      `${name} and ${known.proto.name} are both ${number}; change one, ` +
        'or write option allow_alias = true;',
    );
  }
  const statement = file.options(proto).find(({ name }) => name[0]?.text === 'allow_alias');
  if (statement === undefined || (isAllowed && hasAlias)) return;
  file.source?.report(
    statement,
    isAllowed
      ? `no two values of ${proto.name} are the same; remove allow_alias`
      : 'allow_alias = false is what holds anyway; remove it',
  );
}

/** Generators leave the enum's name out of values' names, so they must differ without it. */
function validateShortNames({ proto, file, values }: EnumSymbol): void {
  const known = new Map<string, EnumValueSymbol>();
  for (const value of values) {
    const short = shortName(proto.name, value.proto.name);
    const other = known.get(short);
    if (other === undefined) {
      known.set(short, value);
      continue;
    }
    const { name, number } = value.proto;
    if (other.proto.number === number || other.proto.name === name) continue;
    const message =
      `${name} and ${other.proto.name} are the same without case and the name of the enum; ` +
      'rename one';
    const isLegacy = proto.options?.deprecatedLegacyJsonFieldConflicts === true;
    if (isLegacy && file.edition === Edition.EDITION_PROTO2) {
      file.source?.warn(file.place(value.proto, 'name'), message);
    } else {
      file.report(value.proto, 'name', message);
    }
  }
}

function shortName(enumName: string, valueName: string): string {
  const prefix = enumName.replaceAll('_', '').toLowerCase();
  let matched = 0;
  let at = 0;
  for (; at < valueName.length && matched < prefix.length; at++) {
    const character = valueName[at] ?? '';
    if (character === '_') continue;
    if (character.toLowerCase() !== prefix[matched++]) return pascalCase(valueName);
  }
  const rest = valueName.slice(at).replace(/^_+/, '');
  return pascalCase(matched < prefix.length || rest === '' ? valueName : rest);
}

function pascalCase(name: string): string {
  return name
    .toLowerCase()
    .replace(/(?:^|_+)([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}

function validateReserved({ proto, file, values }: EnumSymbol): void {
  const ranges = new RangeIndex<NumberRange>(proto.reservedRange, 1);
  for (const range of proto.reservedRange) {
    if (range.end >= range.start) continue;
    const { start, end } = range;
    file.report(range, 'end', `the range ends before it begins; write ${end} to ${start}`);
  }
  for (const [one, other] of ranges.overlaps()) {
    file.report(other, 'number', `${format(other)} overlaps with ${format(one)}; merge them`);
  }
  validateReservedNames(file, proto, values);
  for (const { proto: value } of values) {
    if (ranges.find(value.number) === undefined) continue;
    file.report(value, 'number', `${value.number} is reserved; use another number`);
  }
}

function format({ start, end }: NumberRange): string {
  return start === end ? `${start}` : `${start} to ${end}`;
}
