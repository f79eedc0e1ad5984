/** Variables that programs may be given without a word: they choose no program, file or host. */
export function isHarmlessVariable(name: string): boolean {
  return harmless.has(name) || /^LC_[A-Z]+$/.test(name);
}

const harmless = new Set([
  'CI',
  'CLICOLOR',
  'CLICOLOR_FORCE',
  'COLUMNS',
  'DEBUG',
  'FORCE_COLOR',
  'LANG',
  'LANGUAGE',
  'LINES',
  'LOG_LEVEL',
  'NODE_ENV',
  'NO_COLOR',
  'PORT',
  'PYTHONDONTWRITEBYTECODE',
  'PYTHONUNBUFFERED',
  'RUST_BACKTRACE',
  'RUST_LOG',
  'TERM',
  'TZ',
  'VERBOSE',
]);

/**
 * Variables through which a shell or a program that comes later is told what to run or where to
 * look, when they are set for the rest of the command line. Other names belong to the script.
 */
export function isPowerfulVariable(name: string): boolean {
  if (isHarmlessVariable(name)) return false;
  return powerful.has(name) || powerfulPattern.test(name);
}

const powerful = new Set([
  'AR',
  'BROWSER',
  'CC',
  'CDPATH',
  'CLASSPATH',
  'CXX',
  'DISPLAY',
  'EDITOR',
  'ENV',
  'GLOBIGNORE',
  'GOFLAGS',
  'HOME',
  'IFS',
  'KUBECONFIG',
  'LD',
  'LESSCLOSE',
  'LESSOPEN',
  'LINKER',
  'MAKEFLAGS',
  'MAKEFILES',
  'MANPAGER',
  'OLDPWD',
  'PAGER',
  'PATH',
  'POSIXLY_CORRECT',
  'PROMPT_COMMAND',
  'PS0',
  'PS1',
  'PS2',
  'PS4',
  'PWD',
  'SHELL',
  'SHELLOPTS',
  'TMPDIR',
  'VISUAL',
  'WGETRC',
]);

const powerfulPattern = new RegExp(
  '^(?:(?:LD|DYLD|BASH|GIT|NODE|NPM|npm|YARN|PNPM|BUN|DENO|PIP|UV|PERL|GEM|BUNDLE|JAVA|JDK|MAVEN|GRADLE|CARGO' +
    '|RUST|RUSTC|CGO|COMPOSER|LUA|XDG|SSH|SSL|CURL|GPG|DOCKER|COMPOSE|KUBE|AWS|AZURE|GOOGLE|TF|ANSIBLE|ZEKE|CMAKE' +
    '|PKG)_\\w*|(?:BASH|PYTHON|PERL5|RUBY|RUSTC|PHP)[A-Z]*|GO(?:BIN|CACHE|ENV|INSECURE|MODCACHE|PATH|PROXY|ROOT)' +
    '|\\w*_(?:proxy|PROXY|OPTIONS|OPTS|FLAGS|PATH|HOME|PAGER|EDITOR|COMMAND|PRELOAD)|\\w+FLAGS)$',
);

/** `NAME` of `NAME=value` and `NAME+=value`. */
export function nameOf(assignment: string): string {
  return /^\w*/.exec(assignment)?.[0] ?? '';
}

/** Gathers what a command line does with variables, for what can only be said when all of it is seen. */
export class VariableNotes {
  readonly #numbers = new Set<string>();
  readonly #others = new Set<string>();
  readonly #evaluated = new Set<string>();
  #anything = false;

  assign(name: string, value: 'number' | 'other'): void {
    (value === 'number' ? this.#numbers : this.#others).add(name);
  }

  /** Something that may set any variable to anything. */
  assignAnything(): void {
    this.#anything = true;
  }

  /** The variable's text is evaluated as arithmetic, which runs the commands in it: `a[$(id)]`. */
  evaluate(name: string): void {
    this.#evaluated.add(name);
  }

  /** Why the whole cannot be judged; empty when all is well. */
  faults(): { readonly text: string; readonly reason: string }[] {
    const faults = [...this.#evaluated]
      .filter((name) => this.#anything || this.#others.has(name))
      .map((name) => ({
        text: name,
        reason: 'arithmetic runs commands that stand in this variable, which may be any text here',
      }));
    for (const name of [...this.#others, ...this.#numbers]) {
      if (!isPowerfulVariable(name)) continue;
      faults.push({ text: name, reason: 'it sets this variable, which decides what is run' });
    }
    return faults;
  }
}
