import { type Logger, openStorage, type ResolvedConfig, type Storage } from '@zeke/foundation';
import { type GatewayTables, gatewayMigrations } from '@zeke/gateway';
import { RpcError } from '@zeke/rpc';

/**
 * Opens the database and brings its tables up to date. Throws what `openStorage` and
 * `Storage.migrate` throw, with what to do where the folder of `$ZEKE_HOME` is at fault.
 */
export async function openState(
  config: ResolvedConfig,
  log: Logger,
): Promise<Storage<GatewayTables>> {
  const storage = await open(config, log);
  try {
    await storage.migrate([gatewayMigrations], (migration, { doneRows, totalRows }) => {
      // A new database has none.
      if (totalRows === 0) return;
      log.info('rows of the database are being moved', { migration, doneRows, totalRows });
    });
    return storage;
  } catch (error) {
    await storage.close();
    throw error;
  }
}

async function open(config: ResolvedConfig, log: Logger): Promise<Storage<GatewayTables>> {
  const url = config.storage.url.reveal();
  try {
    return await openStorage<GatewayTables>(url, {
      onIdleError: (err) => log.warn('an idle database connection broke', { err }),
    });
  } catch (cause) {
    const error = RpcError.from(cause);
    const inHome = url.startsWith(`sqlite:${config.home}`);
    if (!inHome || error.code !== 'failed_precondition') throw error;
    throw new RpcError(
      error.code,
      `${error.message}\n  set ZEKE_HOME to a folder that you may write; it is ${config.home}`,
      { cause },
    );
  }
}
