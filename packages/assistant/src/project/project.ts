/** The folder that a session works in. */
export interface Project {
  /** Absolute, links resolved: the root of the git work tree, else the folder that was named. */
  readonly root: string;
  /** The folder's name, unless the configuration says another. */
  readonly name: string;
}
