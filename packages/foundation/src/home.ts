export { findRunning } from './config/running-file.ts';
export { zekeHome } from './config/zeke-home.ts';
export { withFileLock } from './files/file-lock.ts';
