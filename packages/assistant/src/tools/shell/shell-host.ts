import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GroupGuard } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { SandboxSettings } from '../../permissions/rules-file.ts';
import { commandEnvironment, type Environment } from '../../sandbox/command-environment.ts';
import { describeSandbox, type FoundSandbox, findSandbox } from '../../sandbox/find-sandbox.ts';
import { type SandboxPlan, sandboxArguments } from '../../sandbox/sandbox-arguments.ts';
import type { ToolPlace } from '../tool.ts';
import { OutputLog } from './output-log.ts';
import { OutputRing } from './output-ring.ts';
import { markVariable } from './process-tree.ts';
import { type ProcessEnd, type StartedProcess, startProcess } from './start-process.ts';

export interface ShellHostOptions {
  /** Else it is looked for when a command runs for the first time. */
  readonly sandbox?: FoundSandbox;
  /** How commands of this place are confined: `Permissions.sandbox`. */
  readonly settings: (place: ToolPlace) => Promise<SandboxSettings>;
  /** Of this process; commands get it without secrets. */
  readonly environment: Environment;
  /** The user's home folder. */
  readonly home: string;
  readonly zekeHome: string;
  /** Where a session keeps files of its own: its commands' `/tmp` is made there. */
  readonly folder: (sessionId: string) => string;
  /** Ends commands when this process is killed. */
  readonly guard: GroupGuard;
}

export interface CommandRequest {
  /** For bash. */
  readonly command: string;
  /** Absolute. */
  readonly cwd: string;
  readonly reach: 'network' | 'host' | undefined;
  readonly hasTerminal: boolean;
  readonly hasInput: boolean;
  readonly timeoutMs: number | undefined;
  readonly onOutput: (chunk: Uint8Array) => void;
}

export interface RunningCommand extends StartedProcess {
  readonly command: string;
  /** Where it began. */
  readonly cwd: string;
  readonly reach: CommandRequest['reach'];
  readonly output: OutputLog;
  /** What the file of all output is called where commands run. */
  readonly outputPath: string;
}

/** A command that runs beside the conversation. */
export interface Job {
  readonly id: number;
  readonly running: RunningCommand;
  /** What was not read yet. */
  readonly unread: OutputRing;
  /** Set when it has ended. */
  end?: ProcessEnd;
  /** Called, once each, when something new can be read. */
  readonly waiting: Set<() => void>;
}

/** Of a session, at the same time. */
const maxJobs = 16;
/** Kept for a reader who has not come yet, for each job. */
const ringBytes = 262_144;
/** Kept of the beginning and of the end of a command's output. */
const keptBytes = 16_384;
const maxFileBytes = 64 * 1024 * 1024;
/** More output ends a command. */
const maxOutputBytes = 256 * 1024 * 1024;
/** Processes of one command in the sandbox, where the system counts them. */
const maxProcesses = 1_024;

interface ShellSession {
  readonly temporary: string;
  readonly jobs: Map<number, Job>;
  readonly running: Set<RunningCommand>;
  nextJob: number;
  nextOutput: number;
}

/** Runs the commands of all sessions, confined as each project's settings say, and ends them all with itself. */
export class ShellHost implements AsyncDisposable {
  readonly #options: ShellHostOptions;
  readonly #sessions = new Map<string, ShellSession>();
  /** In the marks of this process' commands. */
  readonly #name = crypto.randomUUID();
  #commands = 0;
  #sandbox: Promise<FoundSandbox> | undefined;

  constructor(options: ShellHostOptions) {
    this.#options = options;
  }

  /** Folders outside the project that commands of a session may use as their own, for `Permissions`. */
  async scratch(sessionId: string, settings: SandboxSettings): Promise<readonly string[]> {
    const hasSandbox = settings.use !== 'off' && (await this.#found()).kind !== 'none';
    return [hasSandbox ? '/tmp' : temporaryOf(this.#options.folder(sessionId))];
  }

  /** The folder that commands of a session have as `$TMPDIR`, as it is called outside the sandbox. */
  temporaryFolder(sessionId: string): string {
    return temporaryOf(this.#options.folder(sessionId));
  }

  /** Whether commands of the place run in a sandbox. Throws as `describe` does. */
  async isConfined(place: ToolPlace): Promise<boolean> {
    await this.describe(place);
    const { use } = await this.#options.settings(place);
    return use !== 'off' && (await this.#found()).kind !== 'none';
  }

  /** What a command has to ask for beyond what it has; undefined where it has it already. */
  async reachOf(
    place: ToolPlace,
    wanted: { readonly network: boolean; readonly host: boolean },
  ): Promise<'network' | 'host' | undefined> {
    if (!(await this.isConfined(place))) return undefined;
    if (wanted.host) return 'host';
    const { network = false } = await this.#options.settings(place);
    return wanted.network && !network ? 'network' : undefined;
  }

  /**
   * The sandbox's state in words. Throws `failed_precondition` where the settings require a sandbox that
   * is not there.
   */
  async describe(place: ToolPlace): Promise<string> {
    return describeSandbox(await this.#found(), await this.#options.settings(place));
  }

  /**
   * How a program that only reads in the project is started for a place: in the sandbox, without the network,
   * where commands are in one; else as it is. Throws as `describe` does.
   */
  async confine(place: ToolPlace, argv: readonly string[]): Promise<readonly string[]> {
    if (!(await this.isConfined(place))) return argv;
    const plan = { cwd: place.cwd, hasNetwork: false, hasTerminal: false, isReader: true };
    const settings = await this.#options.settings(place);
    return [...(await this.#walls(place, settings, plan)), ...argv];
  }

  #found(): Promise<FoundSandbox> {
    const { sandbox, environment } = this.#options;
    this.#sandbox ??= sandbox ? Promise.resolve(sandbox) : findSandbox(environment.PATH);
    return this.#sandbox;
  }

  /** Throws `failed_precondition` where there is no bash, or no sandbox though one is required. */
  async start(place: ToolPlace, request: CommandRequest): Promise<RunningCommand> {
    const { environment, guard } = this.#options;
    const settings = await this.#options.settings(place);
    const isConfined = (await this.isConfined(place)) && request.reach !== 'host';
    const bash = Bun.which('bash', { PATH: environment.PATH ?? '' });
    if (bash === null) {
      throw new RpcError('failed_precondition', 'commands need bash, which is not installed here');
    }
    const session = await this.#session(place.sessionId);
    const temporary = isConfined ? '/tmp' : session.temporary;
    const name = `zeke-output-${session.nextOutput++}.log`;
    const output = new OutputLog({ path: join(session.temporary, name), keptBytes, maxFileBytes });
    if (this.#commands === 0) guard.addMark(`${markVariable}=${this.#name}`);
    const mark = `${this.#name}.${this.#commands++}`;
    const shell = [bash, '--norc', '--noprofile', '-c', request.command];
    const process = startProcess({
      argv: isConfined ? await this.#confined(place, request, settings, session, shell) : shell,
      cwd: isConfined ? '/' : request.cwd,
      environment: commandEnvironment({
        environment,
        keep: settings.environment ?? [],
        extra: { TMPDIR: temporary, [markVariable]: mark, PWD: request.cwd },
        hasTerminal: request.hasTerminal,
      }),
      mark,
      hasTerminal: request.hasTerminal,
      hasInput: request.hasInput,
      output,
      maxOutputBytes,
      timeoutMs: request.timeoutMs,
      onOutput: request.onOutput,
    });
    guard.add(process.pid);
    const { command, cwd, reach } = request;
    const outputPath = join(temporary, name);
    const running = { ...process, command, cwd, reach, output, outputPath };
    session.running.add(running);
    void running.ended.finally(() => {
      session.running.delete(running);
      guard.drop(process.pid);
    });
    return running;
  }

  /** A command beside the conversation. Throws `resource_exhausted` where the session has 16 already. */
  async startJob(place: ToolPlace, request: Omit<CommandRequest, 'onOutput'>): Promise<Job> {
    const session = await this.#session(place.sessionId);
    const live = [...session.jobs.values()].filter((job) => job.end === undefined);
    if (live.length >= maxJobs) {
      throw new RpcError(
        'resource_exhausted',
        `${maxJobs} jobs run already: stop one with shell_stop first`,
      );
    }
    for (const [id, job] of session.jobs) {
      if (job.end !== undefined && job.unread.isEmpty) session.jobs.delete(id);
    }
    const unread = new OutputRing(ringBytes);
    const waiting = new Set<() => void>();
    const wake = (): void => {
      for (const each of waiting) each();
      waiting.clear();
    };
    const onOutput = (chunk: Uint8Array): void => {
      unread.add(chunk);
      wake();
    };
    const running = await this.start(place, { ...request, onOutput });
    const job: Job = { id: session.nextJob++, running, unread, waiting };
    session.jobs.set(job.id, job);
    void running.ended.then((end) => {
      job.end = end;
      wake();
    });
    return job;
  }

  jobs(sessionId: string): readonly Job[] {
    return [...(this.#sessions.get(sessionId)?.jobs.values() ?? [])];
  }

  /** Throws `not_found` with the jobs there are. */
  job(sessionId: string, id: number): Job {
    const jobs = this.jobs(sessionId);
    const job = jobs.find((each) => each.id === id);
    if (job !== undefined) return job;
    const known =
      jobs.length === 0 ? 'there are none' : `there are ${jobs.map((each) => each.id).join(', ')}`;
    throw new RpcError('not_found', `there is no job ${id} in this session: ${known}`);
  }

  /** Ends all commands of a session and deletes its `/tmp`. */
  async endSession(sessionId: string): Promise<void> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    this.#sessions.delete(sessionId);
    const running = [...session.running];
    for (const each of running) each.stop();
    await Promise.all(running.map((each) => each.ended));
    await rm(session.temporary, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((id) => this.endSession(id)));
  }

  async #confined(
    place: ToolPlace,
    request: CommandRequest,
    settings: SandboxSettings,
    { temporary }: ShellSession,
    shell: readonly string[],
  ): Promise<string[]> {
    const { cwd, hasTerminal, reach } = request;
    const hasNetwork = settings.network === true || reach === 'network';
    const plan = { cwd, temporary, hasNetwork, hasTerminal };
    const limited = ['/bin/sh', '-c', `ulimit -u ${maxProcesses} 2>/dev/null; exec "$@"`, 'sh'];
    return [...(await this.#walls(place, settings, plan)), ...limited, ...shell];
  }

  /** The sandbox around what follows. */
  async #walls(
    place: ToolPlace,
    { writable = [] }: SandboxSettings,
    plan: Omit<SandboxPlan, 'root' | 'home' | 'zekeHome' | 'writable'>,
  ): Promise<string[]> {
    const { home, zekeHome } = this.#options;
    const sandbox = await this.#found();
    const { root } = place.project;
    return [
      sandbox.kind === 'bubblewrap' ? sandbox.path : '',
      ...sandboxArguments({ ...plan, root, home, zekeHome, writable }),
    ];
  }

  async #session(id: string): Promise<ShellSession> {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const temporary = temporaryOf(this.#options.folder(id));
    const session = {
      temporary,
      jobs: new Map(),
      running: new Set<RunningCommand>(),
      nextJob: 1,
      nextOutput: 1,
    };
    this.#sessions.set(id, session);
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    return session;
  }
}

function temporaryOf(folder: string): string {
  return join(folder, 'tmp');
}
