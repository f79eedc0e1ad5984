import type { DescriptorProto_ExtensionRange } from '@bufbuild/protobuf/wkt';
import type { FieldSymbol, MessageSymbol } from '../linker/symbols.ts';
import { maxInt32 } from '../parser/parse-number.ts';
import { maxFieldNumber } from '../parser/parse-ranges.ts';
import { type NumberRange, RangeIndex } from './range-index.ts';

/** Reports fields that share a number or have a reserved one, and ranges that overlap. */
export function validateNumbers(message: MessageSymbol): void {
  const { proto, file, fields } = message;
  const byNumber = new Map<number, FieldSymbol>();
  const reserved = new RangeIndex(proto.reservedRange, 0);
  for (const field of fields) {
    const { number } = field.proto;
    const report = (problem: string): void =>
      file.report(field.proto, 'number', `${problem}; use another, as ${freeNumber(message)}`);
    const other = byNumber.get(number);
    if (other === undefined) byNumber.set(number, field);
    else report(`${other.proto.name} has the number ${number} already`);
    if (reserved.find(number) !== undefined) report(`${number} is reserved`);
    if (extensionRanges(message).find(number) !== undefined) report(`${number} is for extensions`);
  }
  validateRanges(message, reserved);
}

/** The ranges of a message that extensions may have numbers of. */
export function extensionRanges(
  message: MessageSymbol,
): RangeIndex<DescriptorProto_ExtensionRange> {
  let index = extensionIndexes.get(message);
  if (index === undefined) {
    index = new RangeIndex(message.proto.extensionRange, 0);
    extensionIndexes.set(message, index);
  }
  return index;
}

const extensionIndexes = new WeakMap<MessageSymbol, RangeIndex<DescriptorProto_ExtensionRange>>();

/** The smallest number that a field could have. */
function freeNumber(message: MessageSymbol): number {
  const taken = new Set(message.proto.field.map(({ number }) => number));
  const reserved = new RangeIndex(message.proto.reservedRange, 0);
  for (let number = 1; number <= maxFieldNumber; number++) {
    const range = reserved.find(number) ?? extensionRanges(message).find(number);
    if (range !== undefined) number = range.end - 1;
    else if (number === 19_000) number = 19_999;
    else if (!taken.has(number)) return number;
  }
  return maxFieldNumber;
}

function validateRanges(message: MessageSymbol, reserved: RangeIndex<NumberRange>): void {
  const { proto, file } = message;
  const max = proto.options?.messageSetWireFormat === true ? maxInt32 - 1 : maxFieldNumber;
  for (const range of [...proto.reservedRange, ...proto.extensionRange]) {
    if (range.start <= 0) file.report(range, 'number', 'numbers of fields begin at 1; write one');
    else if (range.end <= range.start) {
      file.report(range, 'end', `the range ends before it begins; begin with ${range.end - 1}`);
    } else if (range.end - 1 > max) {
      file.report(range, 'end', `the largest number of a field is ${max}; write max`);
    }
  }
  const indexes: readonly RangeIndex<NumberRange>[] = [reserved, extensionRanges(message)];
  for (const index of indexes) {
    for (const [one, other] of index.overlaps()) {
      const message = `${format(other)} overlaps with ${format(one)}; merge them`;
      file.report(other, 'number', message);
    }
  }
  for (const range of proto.extensionRange) {
    const other = reserved.overlapWith(range);
    if (other === undefined) continue;
    const message = `${format(range)} overlaps with ${format(other)}, which is reserved; change one`;
    file.report(range, 'number', message);
  }
}

function format({ start, end }: NumberRange): string {
  return end === start + 1 ? `${start}` : `${start} to ${end - 1}`;
}
