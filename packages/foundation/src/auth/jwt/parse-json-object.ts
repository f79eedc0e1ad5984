import { isUtf8 } from 'node:buffer';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Why bytes are not taken for an object, as a phrase that follows "is" or "has". */
export type JsonFault =
  | 'is no UTF-8'
  | 'is no JSON'
  | 'is no JSON object'
  | 'has a member twice'
  | 'is nested too deep';

const maxDepth = 16;

/**
 * An object in JSON, read strictly: UTF-8 that is right, no byte order mark, no member twice at any
 * depth (RFC 8725 section 2.4 tells what two readers make of such), at most 16 objects and lists
 * within each other. Anything else is a fault.
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject | JsonFault {
  if (!isUtf8(bytes)) return 'is no UTF-8';
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const members = countMembers(text);
  if (members === undefined) return 'is nested too deep';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is no JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'is no JSON object';
  }
  return membersOf(value) === members ? (value as JsonObject) : 'has a member twice';
}

/** Whether text that `JSON.stringify` made is nested as deep as `parseJsonObject` takes it. */
export function isShallowJson(text: string): boolean {
  return countMembers(text) !== undefined;
}

/**
 * The members that are written in a JSON text, at all depths: each has one colon outside of strings.
 * Undefined when nested too deep. For what is no JSON the number means nothing.
 */
function countMembers(text: string): number | undefined {
  let depth = 0;
  let members = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i);
        break;
      case 0x3a: // :
        members += 1;
        break;
      case 0x7b: // {
      case 0x5b: // [
        depth += 1;
        if (depth > maxDepth) return undefined;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1;
        break;
    }
  }
  return members;
}

/** Where the quotation mark is that ends the string which begins at `start`; else the end of text. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x22) return i;
    if (unit === 0x5c) i += 1;
  }
  return text.length;
}

/** The members that came out of parsing: of two with one name the second only. */
function membersOf(value: object): number {
  let members = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) members += membersOf(inner);
  }
  return members;
}
