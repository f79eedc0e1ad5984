import { showCommandPattern } from './command-pattern.ts';
import { isKnown } from './shell/shell-word.ts';

/**
 * The rule that an answer "for this session" or "for this project" would remember for a command: its
 * program with what it is told to do, `npm run build *`, or exactly these words where a wider rule
 * would allow anything. Undefined where the words are not known before they run.
 */
export function proposeCommandRule(
  words: readonly string[],
  options: { readonly isExact: boolean; readonly kind: 'shell' | 'network' | 'host' },
): string | undefined {
  const { kind } = options;
  const program = words.find((word) => !/^[A-Za-z_]\w*\+?=/.test(word)) ?? '';
  if (options.isExact || exactly.has(baseName(program)) || program === '') {
    return words.every(isKnown) ? `${kind}(${showCommandPattern(words, false)})` : undefined;
  }
  const at = words.indexOf(program);
  const prefix = prefixOf(words.slice(at));
  const named = prefix && [...words.slice(0, at), ...prefix];
  if (named?.every(isKnown)) return `${kind}(${showCommandPattern(named, true)})`;
  return words.every(isKnown) ? `${kind}(${showCommandPattern(words, false)})` : undefined;
}

/** The words that say what is done; undefined where only all of them do. */
function prefixOf(words: readonly string[]): readonly string[] | undefined {
  const [program = '', first, second] = words;
  const base = baseName(program);
  if (interpreters.has(base)) {
    return first !== undefined && !first.startsWith('-') ? [program, first] : undefined;
  }
  const depth = depths[`${base} ${first}`] ?? depths[base] ?? 1;
  const named = [program, first, second].slice(0, depth);
  const isWhole = named.every((word) => word !== undefined && !word.startsWith('-'));
  return isWhole ? named.filter((word) => word !== undefined) : undefined;
}

function baseName(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1);
}

/** With other words they do what nobody agreed to. */
const exactly = new Set(
  (
    'cd chmod chown dd docker-compose export helm kill kubectl ln mv parallel psql rm rmdir rsync scp script source ssh sudo ' +
    'systemctl tee truncate unlink watch . su doas chroot mysql sqlite3 redis-cli strace unshare nsenter busybox'
  ).split(' '),
);

/** Their first word is a program of its own. */
const interpreters = new Set(
  'bash bun deno dash lua node perl php python python3 ruby sh ts-node tsx zsh'.split(' '),
);

/** How many words say what is done; one where nothing stands here. */
const depths: Readonly<Record<string, number | undefined>> = {
  __proto__: null as never,
  ...Object.fromEntries(
    (
      'apt apt-get aws az brew bundle bunx cargo composer dotnet gcloud gem gh git go gradle gradlew just make mix mvn npm npx nx ' +
      'pip pip3 pipx pnpm poetry rails rake rustup swift task terraform turbo uv uvx yarn'
    )
      .split(' ')
      .map((name) => [name, 2]),
  ),
  'aws s3': 3,
  'docker compose': 3,
  docker: 2,
  'gh api': 3,
  'gh issue': 3,
  'gh pr': 3,
  'gh run': 3,
  'git remote': 3,
  'git stash': 3,
  'git worktree': 3,
  'npm exec': 3,
  'npm run': 3,
  'pnpm dlx': 3,
  'pnpm exec': 3,
  'pnpm run': 3,
  'poetry run': 3,
  'uv pip': 3,
  'uv run': 3,
  'yarn dlx': 3,
  'yarn run': 3,
};
