import type { Instance } from '../platform.ts'

/**
 * What a user wants done around an instance. Each rejects with an OperatorError when it fails or takes too long. A run that
 * was killed may call one again for the same instance.
 */
export interface RollHooks {
  /** An instance was drained and is about to be ended. While it fails, the instance is not ended. */
  readonly beforeTerminate?: (instance: Instance) => Promise<void>
  /** A new instance is proven. While it fails, the instance does not count as capacity. */
  readonly afterAccept?: (instance: Instance) => Promise<void>
}
