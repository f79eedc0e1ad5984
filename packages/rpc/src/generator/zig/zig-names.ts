/** Words that a name in Zig has to stand in `@"…"` for. Source: https://ziglang.org/documentation/0.17.1/ */
const keywords = new Set(
  (
    'addrspace align allowzero and anyframe anytype asm async await break callconv catch comptime ' +
    'const continue defer else enum errdefer error export extern fn for if inline linksection ' +
    'noalias noinline nosuspend opaque or orelse packed pub resume return struct suspend switch ' +
    'test threadlocal try union unreachable usingnamespace var volatile while'
  ).split(' '),
);

/** Names of types and values, which only declarations cannot have. */
const primitives = new Set(
  (
    'anyerror anyopaque bool comptime_float comptime_int false isize noreturn null true type ' +
    'undefined usize void f16 f32 f64 f80 f128 c_char c_short c_ushort c_int c_uint c_long c_ulong ' +
    'c_longlong c_ulonglong c_longdouble'
  ).split(' '),
);

/** The name of a field, or of what a dot stands before. */
export function memberName(name: string): string {
  return keywords.has(name) ? `@"${name}"` : name;
}

/** The name that something is declared by. */
export function declaredName(name: string): string {
  const isPrimitive = primitives.has(name) || /^[iu][0-9]+$/.test(name) || name === '_';
  return isPrimitive ? `@"${name}"` : memberName(name);
}

/** `SayHello` is `sayHello`. */
export function methodName(name: string): string {
  return declaredName(name.charAt(0).toLowerCase() + name.slice(1));
}

/** `foo_bar` is `FooBar`. */
export function pascalCase(name: string): string {
  return name.replace(/(?:^|_+)([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}

/** Where the code of a file goes. */
export function zigPath(file: string): string {
  return `${file.replace(/\.proto$/, '')}.zig`;
}

/** A string literal. */
export function quote(text: string): string {
  let literal = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    const isPlain = byte >= 32 && byte < 127 && character !== '"' && character !== '\\';
    literal += isPlain ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${literal}"`;
}
