import type { MethodInfo } from '../../core/method.ts';
import { RpcError } from '../../rpc-error.ts';

/** The option `(zrpc.policy)` of a method; `proto/zrpc/options.proto` says what its fields mean. */
export interface Policy {
  /** Anyone may call it, named or not. */
  readonly public: boolean;
  /** One of these is enough; empty: any. */
  readonly roles: readonly string[];
  /** All of these are needed. */
  readonly scopes: readonly string[];
  /** The class of its rate limit; empty: the default one. */
  readonly rateClass: string;
}

/** The name of the option in `MethodInfo.options`. */
const optionName = 'zrpc.policy';

/**
 * The policy of a method, undefined where its `.proto` file gives none.
 * @throws RpcError failed_precondition for an option of another form, which generated code never has.
 */
export function policyOf(method: MethodInfo): Policy | undefined {
  const option = method.options?.[optionName];
  if (option === undefined) return undefined;
  if (typeof option !== 'object' || option === null) throw malformed(method);
  const {
    public: open = false,
    roles = [],
    scopes = [],
    rateClass = '',
  } = option as Partial<Policy>;
  const wellFormed =
    typeof open === 'boolean' &&
    areTexts(roles) &&
    areTexts(scopes) &&
    typeof rateClass === 'string';
  if (!wellFormed) throw malformed(method);
  return { public: open, roles, scopes, rateClass };
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function malformed(method: MethodInfo): RpcError {
  return new RpcError(
    'failed_precondition',
    `${method.path}: its option (${optionName}) is no zrpc.Policy: generate the code again`,
  );
}
