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
  return words.filter(
    (word) => word.length >= minLength && word.length <= maxLength && !fillers.has(word),
  );
}

/** `parses`, `parsed`, `parsing` and `parse` are asked for alike; endings of English, roughly. */
function stem(word: string): string {
  const bare = word.replace(/(?<=..)(ing|ies|ed|es|s)$/, (ending) => (ending === 'ies' ? 'y' : ''));
  return bare.length > 3 ? bare.replace(/e$/, '') : bare;
}

/** Words of questions, which say nothing of code. */
const fillers = new Set(
  `a an and are as at be by can did do does for from has have how i if in into is it its me my not
   of on or our please show so that the their them there these they this to us was we what when
   where which who why will with would you your`.split(/\s+/),
);
