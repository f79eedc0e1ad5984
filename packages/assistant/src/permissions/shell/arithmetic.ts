import type { Word } from 'unbash';

/**
 * The names that an arithmetic text evaluates, or undefined where it may run commands. Bash evaluates
 * the text of a variable as arithmetic again, and the index of an array with its command
 * substitutions: `x='a[$(id)]'; ((x))` runs `id`. So quotes and positional parameters are refused,
 * and so are substitutions that are not known to print a number.
 */
export function arithmeticNames(text: string): string[] | undefined {
  const plain = text.replace(numericSubstitution, ' 0 ').replace(/\$\{?#[@*]?\}?|\$[?$!]/g, ' 0 ');
  const names = plain
    .replace(/\$\{(?<name>[A-Za-z_]\w*)\}|\$(?<other>[A-Za-z_]\w*)/g, ' $<name>$<other> ')
    .replace(/\b(?:0[xX][\da-fA-F]+|\d+#\w+|\d+)\b/g, ' ');
  if (/[^\w\s+\-*/%<>=!&|^~?:(),[\]]/.test(names)) return undefined;
  return names.match(/[A-Za-z_]\w*/g) ?? [];
}

/** True for the value of an assignment that is a number whatever happens. */
export function isNumber(value: Word): boolean {
  if (/^-?\d*$/.test(value.text)) return true;
  if (value.parts?.length !== 1) return false;
  const [part] = value.parts;
  if (part?.type === 'ArithmeticExpansion') return true;
  return (
    part?.type === 'CommandExpansion' && numericCommand.test(part.text.replace(/^\$\(|\)$|`/g, ''))
  );
}

const numeric =
  "\\s*(?:wc\\s+-[lcwm](?:\\s*<\\s*[\\w./-]+)?|date\\s+'?\\+%(?:s|N|Y|m|d|H|M|S)'?|nproc)\\s*";
const numericSubstitution = new RegExp(`\\$\\(${numeric}\\)|\`${numeric}\``, 'g');
const numericCommand = new RegExp(`^${numeric}$`);
