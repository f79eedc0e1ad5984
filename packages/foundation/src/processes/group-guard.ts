/**
 * Kills process groups when this process is gone, however it went: with `kill -9` too. A small
 * shell in a session of its own reads from a pipe that only this process holds; at its end it kills
 * the groups that are still on its list. One guard serves any number of groups, and starts with the first.
 */
export class GroupGuard implements AsyncDisposable {
  #shell: ReturnType<typeof startShell> | undefined;

  /** The group (the process id of its leader) dies with this process until it is dropped. */
  add(group: number): void {
    this.#shell ??= startShell(() => {
      this.#shell = undefined;
    });
    this.#tell(`add ${group}\n`);
  }

  /** For a group whose leader has ended and been waited for: its number may be another's soon. */
  drop(group: number): void {
    this.#tell(`drop ${group}\n`);
  }

  /**
   * Processes with this text in their environment die with this process too, whatever group they moved
   * to. Letters, digits and `=_.-` only. Where there is no `/proc` it does nothing.
   */
  addMark(mark: string): void {
    this.#shell ??= startShell(() => {
      this.#shell = undefined;
    });
    this.#tell(`mark ${mark}\n`);
  }

  /** Ends the guard, and with it all groups that were not dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    const shell = this.#shell;
    if (shell === undefined) return;
    await shell.stdin.end();
    await shell.exited;
  }

  /** Goes out at once: this process may be killed with the next instruction. */
  #tell(line: string): void {
    this.#shell?.stdin.write(line);
    this.#shell?.stdin.flush();
  }
}

const script = `
trap '' HUP INT TERM
groups=
marks=
while read -r verb group; do
  case $verb in
    add) groups="$groups $group" ;;
    mark) marks="$marks $group" ;;
    drop)
      left=
      for each in $groups; do [ "$each" = "$group" ] || left="$left $each"; done
      groups=$left ;;
  esac
done
for each in $groups; do kill -KILL "-$each" 2>/dev/null; done
# Again, for what was started in the meantime.
for round in 1 2 3; do
  for each in $marks; do
    for file in $(grep -lF -- "$each" /proc/[0-9]*/environ 2>/dev/null); do
      process=\${file#/proc/}
      kill -KILL "\${process%/environ}" 2>/dev/null
    done
  done
done
:
`;

function startShell(onExit: () => void) {
  const shell = Bun.spawn(['/bin/sh', '-c', script, 'zeke-guard'], {
    cwd: '/',
    env: {},
    // Its own session: what kills this process' group or its terminal leaves the guard alive.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    onExit,
  });
  shell.unref();
  return shell;
}
