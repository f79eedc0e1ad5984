import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Kills process groups when this process is gone, however it went: with `kill -9` too. A small
 * shell in a session of its own reads from a pipe that only this process holds; at its end it kills
 * the groups that are still on its list. One guard serves any number of groups, and starts with the first.
 */
export class GroupGuard implements AsyncDisposable {
  #shell: ChildProcess | undefined;

  /** The group (the process id of its leader) dies with this process until it is dropped. */
  add(group: number): void {
    this.#shell ??= startShell(() => {
      this.#shell = undefined;
    });
    this.#shell.stdin?.write(`add ${group}\n`);
  }

  /** For a group whose leader has ended and been waited for: its number may be another's soon. */
  drop(group: number): void {
    this.#shell?.stdin?.write(`drop ${group}\n`);
  }

  /** Ends the guard, and with it all groups that were not dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    const shell = this.#shell;
    if (shell === undefined) return;
    const exited = new Promise<void>((resolve) => shell.once('exit', () => resolve()));
    shell.stdin?.end();
    await exited;
  }
}

const script = `
trap '' HUP INT TERM
groups=
while read -r verb group; do
  case $verb in
    add) groups="$groups $group" ;;
    drop)
      left=
      for each in $groups; do [ "$each" = "$group" ] || left="$left $each"; done
      groups=$left ;;
  esac
done
for each in $groups; do kill -KILL -- "-$each" 2>/dev/null; done
:
`;

function startShell(onExit: () => void): ChildProcess {
  const shell = spawn('/bin/sh', ['-c', script, 'zeke-guard'], {
    cwd: '/',
    env: {},
    // Its own session: what kills this process' group or its terminal leaves the guard alive.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.once('exit', onExit);
  shell.once('error', onExit);
  shell.stdin?.on('error', () => {});
  shell.unref();
  return shell;
}
