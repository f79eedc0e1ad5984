import type { SupervisorMessage } from './messages.ts';
import type { WorkerChannel } from './worker-link.ts';

/** The channel to the process that has started this one as a worker. */
export function processChannel(): WorkerChannel {
  return {
    send: (message) => process.send?.(message),
    onMessage: (take) => {
      process.on('message', (message) => take(message as SupervisorMessage));
    },
    onClose: (act) => {
      process.once('disconnect', act);
    },
  };
}
