const minLength = 2;
const maxLength = 40;

/** The words of a text, in lower case: names whole and in parts, `readFile` as `readfile`, `read`, `file`. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [name] of text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu)) {
    const parts = name.split(/[_$]+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u);
    if (parts.length > 1) words.push(name.toLowerCase());
    for (const part of parts) words.push(stem(part.toLowerCase()));
  }
  return words.filter(({ length }) => length >= minLength && length <= maxLength);
}

/** `tests`, `tested` and `testing` are asked for alike; endings of English, roughly. */
function stem(word: string): string {
  if (word.length > 5 && word.endsWith('ing')) return word.slice(0, -3);
  if (word.length > 4 && word.endsWith('ed')) return word.slice(0, -2);
  if (word.length > 4 && word.endsWith('es')) return word.slice(0, -2);
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}
