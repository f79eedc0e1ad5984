import type { CallHandler, ServerCall } from '../../core/call.ts';
import type { MethodInfo, ServiceType } from '../../core/method.ts';
import { RpcError } from '../../rpc-error.ts';
import { refuseCall } from '../admit-calls.ts';
import { type Identity, identityOf } from './identity.ts';
import { type Policy, policyOf } from './policy.ts';

export interface AuthorizeOptions {
  /** The services that are served: their methods carry the policies. */
  readonly services: readonly ServiceType[];
  /** What becomes of a call to none of these services: default `deny`. */
  readonly others?: 'allow' | 'deny';
}

/**
 * A server interceptor that decides by role and scope who may call what (RBAC), by the option
 * `(zrpc.policy)` of each method in its `.proto` file. It needs one before it that names the caller
 * (`apiKeyServer`, `jwtServer`, `certificateServer`).
 *
 * A policy without roles and scopes wants any identity. A method without a policy is open, unless
 * another method of its service has one: then it is closed, so that a forgotten option opens nothing.
 *
 * Refused: without an identity `unauthenticated`, else `permission_denied`.
 */
export function authorize(options: AuthorizeOptions): (next: CallHandler) => CallHandler {
  const rules = rulesOf(options.services);
  const others = options.others === 'allow' ? openToAll : closed;
  return (next) => (call: ServerCall) => {
    const rule = rules.get(call.path) ?? others;
    const error = rule(call);
    if (error === undefined) next(call);
    else refuseCall(call, error);
  };
}

/** Undefined where the call may go on. */
type Rule = (call: ServerCall) => RpcError | undefined;

function rulesOf(services: readonly ServiceType[]): Map<string, Rule> {
  const rules = new Map<string, Rule>();
  for (const service of services) {
    const methods = Object.values(service.methods);
    const guarded = methods.some((method) => policyOf(method) !== undefined);
    for (const method of methods) rules.set(method.path, ruleOf(method, guarded));
  }
  return rules;
}

function ruleOf(method: MethodInfo, guarded: boolean): Rule {
  const policy = policyOf(method);
  if (policy === undefined) return guarded ? closed : openToAll;
  if (policy.public) return openToAll;
  return (call) => {
    const identity = identityOf(call);
    if (identity !== undefined) return lackOf(identity, policy, call.path);
    return new RpcError(
      'unauthenticated',
      `${call.path} wants to know who calls: send a credential`,
    );
  };
}

function lackOf(identity: Identity, policy: Policy, path: string): RpcError | undefined {
  const { roles, scopes } = policy;
  if (roles.length > 0 && !roles.some((role) => identity.roles.includes(role))) {
    return denied(`${path} is for the roles ${roles.join(', ')}, of which ${identity.id} has none`);
  }
  const scope = scopes.find((name) => !identity.scopes.includes(name));
  if (scope === undefined) return undefined;
  return denied(`${path} needs the scope ${scope}, which ${identity.id} has not`);
}

function openToAll(): undefined {
  return undefined;
}

function closed(call: ServerCall): RpcError {
  return denied(`${call.path} is open to nobody: no policy says who may call it`);
}

function denied(message: string): RpcError {
  return new RpcError('permission_denied', message);
}
