import type { Instance } from '../platform.ts'

/**
 * What a user wants done around an instance. Each rejects with an OperatorError when it fails or takes too long. A run that
 * was killed may call one again for the same instance.
 */
export interface RollHooks {
  /** An instance was drained and is about to be ended. While it fails, the instance is not ended. */
  readonly beforeTerminate?: (instance: Instance) => Promise<void>
  /** A new instance is ready. While it fails, the instance does not count as capacity. */
  readonly afterAccept?: (instance: Instance) => Promise<void>
}

/** What a hook is told of its instance. */
export interface HookedInstance {
  readonly id: string
  readonly url: string
  readonly imageId: string
  readonly release: string
}

/** The variables that tell a hook what it is called for. */
export function variablesOf(hook: string, group: string, instance: HookedInstance) {
  return {
    BAKEROLL_HOOK: hook,
    BAKEROLL_GROUP: group,
    BAKEROLL_INSTANCE_ID: instance.id,
    BAKEROLL_INSTANCE_ADDRESS: new URL(instance.url).hostname.replace(/^\[|\]$/g, ''),
    BAKEROLL_INSTANCE_URL: instance.url,
    BAKEROLL_INSTANCE_IMAGE: instance.imageId,
    BAKEROLL_INSTANCE_RELEASE: instance.release,
  }
}

/** Their names: a hook may call verbs, which must not take one of these for a mistyped setting. */
export const hookVariables: readonly string[] = Object.keys(
  variablesOf('', '', { id: '', url: 'http://localhost', imageId: '', release: '' }),
)
