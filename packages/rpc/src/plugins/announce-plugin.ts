import type { Lease, Registry } from '../registry/registry.ts';
import { RpcError } from '../rpc-error.ts';
import type { PluginEvent } from './plugin.ts';

export interface AnnounceOptions {
  readonly registry: Registry;
  /** As in `Registration`. */
  readonly name: string;
  readonly version: string;
  readonly capabilities?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Told when the registry could not be told. */
  readonly onError?: (error: RpcError) => void;
}

/** Keeps a registry told of one plugin. */
export interface Announcement extends AsyncDisposable {
  /** Takes the events of the plugin: `createPlugin({ onEvent: announcement.onEvent, … })`. */
  readonly onEvent: (event: PluginEvent) => void;
  /** Ends what is registered; later events do nothing. */
  close(): Promise<void>;
}

/**
 * Registers a plugin under the address of its socket for as long as it runs, so that other processes
 * of this user can call it, too. One that is reloaded is registered anew before the old one is gone.
 */
export function announcePlugin(options: AnnounceOptions): Announcement {
  const { registry, name, version, capabilities = [], labels = {}, onError } = options;
  let lease: Lease | undefined;
  let closed = false;
  // One step after the other, in the order of the events.
  let steps: Promise<void> = Promise.resolve();
  const register = async (address: string): Promise<void> => {
    const old = lease;
    lease = await registry.register({ name, version, address, capabilities, labels });
    await old?.revoke();
  };
  const revoke = async (): Promise<void> => {
    const old = lease;
    lease = undefined;
    await old?.revoke();
  };
  const then = (step: () => Promise<void>): Promise<void> => {
    steps = steps.then(step).catch((error: unknown) => onError?.(RpcError.from(error)));
    return steps;
  };
  const close = (): Promise<void> => {
    closed = true;
    return then(revoke);
  };
  return {
    onEvent(event) {
      if (closed) return;
      if (event.kind === 'started' || event.kind === 'reloaded') {
        void then(() => register(event.address));
      } else if (event.kind === 'ended') void then(revoke);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
