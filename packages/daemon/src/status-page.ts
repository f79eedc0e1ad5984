import { isLoopbackHost } from '@zeke/foundation';
import type { GatewaySettings } from '@zeke/gateway';
import { type ConnectHintsOptions, connectHints } from './connect-hints.ts';
import { isDemoProvider } from './demo.ts';
import { version } from './version.ts';

export interface StatusPageSettings extends Pick<GatewaySettings, 'providers' | 'auth'> {
  /** Whether the listener itself speaks TLS. */
  readonly isSecure: boolean;
  /** The name of who is logged in, where somebody is. */
  readonly person?: string;
}

/**
 * A page for people who open the address in a browser. It shows the providers' names only where
 * somebody is logged in, or callers need no key and asked for this machine by a loopback name, and how
 * to connect only where that would work; it loads nothing.
 */
export function statusPage(
  request: Request,
  { providers, auth, isSecure, person }: StatusPageSettings,
): Response {
  const asked = new URL(request.url);
  const { requireAuth } = auth;
  const open = !requireAuth && isLoopbackHost(asked.hostname);
  const url = addressOf(asked, request, isSecure);
  const body = [
    header(open || requireAuth ? url : undefined),
    open || person !== undefined ? providerSection(providers) : closedSection(requireAuth),
    auth.oidc ? loginSection(auth.publicUrl ?? url, person) : '',
    open || requireAuth ? clientSection({ url, requireAuth }) : '',
    footer([
      ...(open ? ['/v1/models'] : []),
      '/openapi.json',
      '/health',
      ...(open && auth.adminApiKey === undefined ? ['/metrics'] : []),
    ]),
  ].join('\n');
  return new Response(page(body), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
      // With none at all, browsers would not say that it is our own page which logs somebody out.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    },
  });
}

/** As the person knows it; what stands in front says when it speaks TLS for us. */
function addressOf({ host }: URL, { headers }: Request, isSecure: boolean): string {
  const scheme = isSecure || headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http';
  return `${scheme}://${host}`;
}

function header(address: string | undefined): string {
  const where = address === undefined ? '' : ` at <b>${Bun.escapeHTML(address)}</b>`;
  return `<header><h1>zeke</h1><p><span class="dot"></span> running${where}, version ${Bun.escapeHTML(version)}</p></header>`;
}

function providerSection(providers: GatewaySettings['providers']): string {
  if (providers.length === 0) {
    return `<section><h2>Providers</h2>
<p>There is none yet. Run <code>zeke providers add</code>, or set a key such as <code>OPENAI_API_KEY</code> and start again,
or try <code>zeke up --demo</code>.</p></section>`;
  }
  const rows = providers.map(({ provider: { name, type } }) => {
    const mark = isDemoProvider(name) ? ' <span class="tag">emulated</span>' : '';
    return `<li><b>${Bun.escapeHTML(name)}</b> <span class="quiet">${Bun.escapeHTML(type)}</span>${mark}</li>`;
  });
  return `<section><h2>Providers</h2><ul>${rows.join('')}</ul></section>`;
}

/** Logging in leads by the address that the login provider sends people back to. */
function loginSection(url: string, person: string | undefined): string {
  const inside =
    person === undefined
      ? `<p><a href="${Bun.escapeHTML(url)}/auth/login">Log in</a></p>`
      : `<form method="post" action="/auth/logout"><p>Logged in as <b>${Bun.escapeHTML(person)}</b> <button>Log out</button></p></form>`;
  return `<section><h2>Login</h2>${inside}</section>`;
}

function closedSection(requireAuth: boolean): string {
  const text = requireAuth
    ? 'Callers need a key here: <code>zeke keys create</code> makes one.'
    : 'Without keys, the gateway answers on its own machine only, at its loopback address.';
  return `<section><h2>Access</h2><p>${text}</p></section>`;
}

function clientSection(options: ConnectHintsOptions): string {
  const items = connectHints(options).map(
    ({ client, lines }) =>
      `<dt>${Bun.escapeHTML(client)}</dt><dd><pre>${lines.map((line) => Bun.escapeHTML(line)).join('\n')}</pre></dd>`,
  );
  const note = options.requireAuth
    ? '<p class="quiet">Put a key of yours in the place of <code>zk-…</code>.</p>'
    : '';
  return `<section><h2>Point a client here</h2><dl>${items.join('')}</dl>${note}</section>`;
}

function footer(paths: readonly string[]): string {
  return `<footer>${paths.map((path) => `<a href="${path}">${path}</a>`).join(' · ')}</footer>`;
}

const style = `
:root { color-scheme: light dark; --ink: #1d2126; --quiet: #69727d; --paper: #fbfbf9; --card: #fff; --line: #e3e4e0; --accent: #0b7a5c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e9e6; --quiet: #98a1ab; --paper: #16181b; --card: #1e2125; --line: #32363c; --accent: #45c69c; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 42rem; margin: 0 auto; padding: 3rem 1.25rem; }
header { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }
h1 { margin: 0; font-size: 1.9rem; letter-spacing: -0.03em; }
h2 { margin: 0 0 0.75rem; font-size: 0.95rem; color: var(--quiet); font-weight: 600; }
header b { color: var(--ink); }
header p, footer, .quiet { color: var(--quiet); margin: 0; }
.dot { display: inline-block; width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--accent); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem; margin: 1.25rem 0; }
ul { list-style: none; margin: 0; padding: 0; }
li + li { margin-top: 0.35rem; }
.tag { border: 1px solid var(--accent); color: var(--accent); border-radius: 99px; padding: 0 0.5rem; font-size: 0.8rem; }
dt { font-weight: 600; }
dd { margin: 0.35rem 0 1rem; }
dd:last-child { margin-bottom: 0; }
pre, code { font: 0.88rem/1.5 ui-monospace, monospace; }
pre { margin: 0; padding: 0.6rem 0.8rem; border-radius: 6px; background: var(--paper); overflow-x: auto; user-select: all; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
`;

const styleHash = new Bun.CryptoHasher('sha256').update(style).digest('base64');

const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

function page(body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>zeke</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body><main>
${body}
</main></body>
</html>
`;
}
