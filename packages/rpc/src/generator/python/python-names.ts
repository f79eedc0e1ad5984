/** Words that no name in Python can be. Source: https://docs.python.org/3/reference/lexical_analysis.html#keywords */
const keywords = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except ' +
    'finally for from global if import in is lambda nonlocal not or pass raise return try while ' +
    'with yield match case type print self'
  ).split(' '),
);

/** A name with an underscore behind it where it would be a word of the language. */
export function safeName(name: string): string {
  return keywords.has(name) ? `${name}_` : name;
}

/** Whether `message.NAME` can be written; a field with another name needs `getattr`. */
export function isAttribute(name: string): boolean {
  return safeName(name) === name || name === 'match' || name === 'case' || name === 'type';
}

/** `SayHelloHTTP2` is `say_hello_http2`. */
export function snakeCase(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2');
  return safeName(words.toLowerCase());
}

/** The module that protoc gives a file: `a/my-file.proto` is `a.my_file_pb2`. */
export function messagesModule(file: string): string {
  return `${modulePath(file).replaceAll('/', '.')}_pb2`;
}

/** The path of a module without `_pb2.py` or the like. */
export function modulePath(file: string): string {
  return file.replace(/\.proto$/, '').replaceAll('-', '_');
}

/** A string literal. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
