import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface LoginFlags {
  readonly json?: boolean;
  readonly config?: string;
  /** False: the address is printed only. */
  readonly browser?: boolean;
}

/** `zeke login`, `zeke logout`, `zeke whoami` */
export function addLogin(program: Command, context: Context): void {
  const login = program
    .command('login')
    .description("log in at the gateway's login provider, with the browser");
  withConfig(withJson(login))
    .option('--no-browser', 'print the address, and open no browser')
    .addHelpText('after', examples('zeke login', 'ZEKE_URL=https://zeke.example.com zeke login'))
    .action(async (flags: LoginFlags) => {
      const { logIn } = await import('../actions/login.ts');
      await logIn(context, flags);
    });
  withConfig(withJson(program.command('logout').description('end that login')))
    .addHelpText('after', examples('zeke logout'))
    .action(async (flags: LoginFlags) => {
      const { logOut } = await import('../actions/login.ts');
      await logOut(context, flags);
    });
  withConfig(withJson(program.command('whoami').description('tell who the gateway takes you for')))
    .addHelpText('after', examples('zeke whoami', 'zeke whoami --json | jq -r .role'))
    .action(async (flags: LoginFlags) => {
      const { whoAmI } = await import('../actions/login.ts');
      await whoAmI(context, flags);
    });
}
