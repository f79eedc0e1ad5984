import { blocksOf } from './documentation.ts';

/** What a page says to type, in a block for shells or within a sentence. */
export function commandsOf(page: string): string[][] {
  const lines = blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'));
  return [...lines, ...inlineCodeOf(page)].flatMap(commandsIn);
}

/** What stands in backquotes within sentences and tables. */
export function inlineCodeOf(page: string): string[] {
  const prose = page.replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
}

/** The commands of one line for a shell, as words, the program's name without `./`. */
export function commandsIn(line: string): string[][] {
  return line
    .replace(/(^|\s)#.*/, '')
    .split(/\||&&|;|[<>]/)
    .map(wordsOf)
    .filter((words) => words.length > 0);
}

/** Without variables that are set for the command. */
function wordsOf(command: string): string[] {
  const words = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  const first = words.findIndex((word) => !/^\w+=/.test(word));
  if (first < 0) return [];
  return words.slice(first).map((word) => word.replace(/^\.\//, ''));
}

/** The flags among words, such as `[--host --port]`; what follows `--` is another program's. */
export function flagsIn(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  return own.flatMap((word) => /^\[?(--[a-z][\w-]*|-[a-z](?!\w))/i.exec(word)?.[1] ?? []);
}
